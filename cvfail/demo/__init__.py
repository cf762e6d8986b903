"""The demo dataset: simulated street scenes, and a detector with known failure modes."""

from cvfail.demo.write import DemoFiles, write_demo

__all__ = ["DemoFiles", "write_demo"]
