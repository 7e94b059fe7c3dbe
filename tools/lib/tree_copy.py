"""Copies of the tree and of build directories that touch only what differs. Used by mutations.py."""

import os
import shutil
import subprocess


def tracked(root):
    """The files of the tree, relative to it: those that git tracks, or all except builds."""
    git = subprocess.run(
        ["git", "-c", "safe.directory=" + root, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"], cwd=root, capture_output=True, check=False)
    if git.returncode == 0:
        return [name for name in git.stdout.decode().split("\0")
                if name and os.path.isfile(os.path.join(root, name))]
    found = []
    for directory, subdirectories, files in os.walk(root):
        subdirectories[:] = [name for name in subdirectories
                             if not name.startswith("build") and name != ".git"]
        found += [os.path.relpath(os.path.join(directory, name), root) for name in files]
    return found


def refresh(root, tree):
    """Makes the copy equal to the tree; does not touch equal files, so that little is rebuilt."""
    wanted = set(tracked(root))
    for directory, _, files in os.walk(tree):
        for name in files:
            path = os.path.join(directory, name)
            if os.path.relpath(path, tree) not in wanted:
                os.remove(path)
    for name in wanted:
        source, target = os.path.join(root, name), os.path.join(tree, name)
        with open(source, "rb") as file:
            content = file.read()
        if os.path.exists(target):
            with open(target, "rb") as file:
                if file.read() == content:
                    continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)
        shutil.copymode(source, target)


def mirror(source, target):
    """Makes one build directory equal to another, including file times."""
    known = set()
    for directory, _, files in os.walk(source):
        place = os.path.normpath(os.path.join(target, os.path.relpath(directory, source)))
        os.makedirs(place, exist_ok=True)
        for name in files:
            path, copy = os.path.join(directory, name), os.path.join(place, name)
            known.add(copy)
            wanted = os.stat(path)
            if os.path.exists(copy):
                now = os.stat(copy)
                if (now.st_mtime_ns, now.st_size) == (wanted.st_mtime_ns, wanted.st_size):
                    continue
            shutil.copy2(path, copy)
    for directory, _, files in os.walk(target):
        for name in files:
            if os.path.join(directory, name) not in known:
                os.remove(os.path.join(directory, name))
