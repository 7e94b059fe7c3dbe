"""link.py TARGET LINK: make LINK a symbolic link to TARGET, whatever stands there now.

Run at every configure. A link that is right already is left alone, so that nothing that depends on
its time is compiled again; one that points elsewhere, or to nothing, is replaced.
"""

import os
import sys

target, link = sys.argv[1:]
os.makedirs(os.path.dirname(link), exist_ok=True)
if not os.path.islink(link) or os.readlink(link) != target:
    if os.path.lexists(link):
        os.remove(link)
    os.symlink(target, link)
