"""Readers and writers: COCO files, Parquet folders, any dataframe, class labels; the input doctor."""
