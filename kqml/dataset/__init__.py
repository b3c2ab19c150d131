"""The dataset: a folder of Parquet tables with `dataset.json`."""
