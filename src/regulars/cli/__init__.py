"""The command line: a thin door over `regulars.shop`."""

from regulars.cli.app import main

__all__ = ["main"]
