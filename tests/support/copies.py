"""Copies of parts of the tree for other users, whom a strict umask may have locked out of it."""

import os
import shutil


def open_copy(source, target):
    """Copies a file, or a folder (also into one that is there); all may read what is in it, and run
    what its owner may run. Returns where it is."""
    if not os.path.isdir(source):
        target = shutil.copy(source, target)
        _open(target)
        return target
    shutil.copytree(source, target, dirs_exist_ok=True)
    for folder, _, names in os.walk(target):
        for path in [folder, *(os.path.join(folder, name) for name in names)]:
            _open(path)
    return target


def _open(path):
    mode = os.stat(path).st_mode
    os.chmod(path, mode | 0o444 | (0o111 if mode & 0o100 else 0))
