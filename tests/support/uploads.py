"""Files to upload."""

import os
import subprocess

from .pg import BUILD, clean_environment


def sample(rows, folder, *options, name="sample.xlsx"):
    """The path of a manifest as `waybillctl sample` makes them."""
    path = os.path.join(folder, name)
    subprocess.run([os.path.join(BUILD, "waybillctl"), "sample", str(rows), path, *options],
                   check=True, env=clean_environment(), stdin=subprocess.DEVNULL)
    return path


def csv(*rows, heading="Waybill Number,Receiver,COD"):
    return ("\n".join((heading, *rows)) + "\n").encode()
