"""Models with layers: PyTorch is imported only when one of them is used."""
