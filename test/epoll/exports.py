"""exports.py DLL DEF: check that a DLL exports exactly the names of the module definition file."""

import struct
import sys


def exported(path):
    with open(path, "rb") as file:
        image = file.read()
    header = struct.unpack_from("<I", image, 0x3C)[0]
    sections, optional_size = struct.unpack_from("<H12xH", image, header + 6)
    optional = header + 24
    wide = struct.unpack_from("<H", image, optional)[0] == 0x20B
    directory = struct.unpack_from("<I", image, optional + (112 if wide else 96))[0]

    def place(address):
        for i in range(sections):
            size, start, raw_size, raw = struct.unpack_from(
                "<4I", image, optional + optional_size + 40 * i + 8
            )
            if start <= address < start + max(size, raw_size):
                return address - start + raw
        raise ValueError("no section has address %#x" % address)

    count, names = struct.unpack_from("<I4xI", image, place(directory) + 24)
    for i in range(count):
        name = place(struct.unpack_from("<I", image, place(names) + 4 * i)[0])
        yield image[name : image.index(b"\0", name)].decode()


def promised(path):
    with open(path, encoding="utf-8") as file:
        return file.read().split("EXPORTS")[1].split()


def main():
    dll, definition = sys.argv[1:]
    found, wanted = sorted(exported(dll)), sorted(promised(definition))
    print("\n".join(found))
    return 0 if found == wanted else "expected %s" % wanted


if __name__ == "__main__":
    sys.exit(main())
