"""The demo's detector, and the retrained one that finds small objects at night and doubles boxes in crowds."""

import cvfail as cf
from cvfail.demo.coco_files import write_instances, write_results
from cvfail.demo.simulation import simulate

FILES = ("ground_truth.json", "predictions.json", "predictions_retrained.json")


def demo_models(folder, **options):
    """Both evaluated from files that are written into a folder, with the options of `simulate`."""
    simulation = simulate(**options)
    truth, first, second = (folder / name for name in FILES)
    write_instances(simulation, truth)
    write_results(simulation, first)
    write_results(simulation, second, retrained=True)
    return [cf.evaluate(cf.read_coco(truth, found)) for found in (first, second)]
