"""Readers and writers: COCO, Parquet folders, any dataframe, labels."""
