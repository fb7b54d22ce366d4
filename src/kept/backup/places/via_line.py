"""How does ssh connect through one interface alone? It is handed a connection that is bound to it.

`python -m kept.backup.places.via_line DEVICE ADDRESS HOST PORT`, started by ssh as its ProxyCommand
with ProxyUseFdpass; not for people. DEVICE or ADDRESS may be "". The connected socket goes to ssh
over standard output, and this process ends: no byte passes through it.
Source: ssh_config(5), ProxyUseFdpass; socket(7), SO_BINDTODEVICE.
"""

import array
import socket
import sys

from kept.backup.places.via import connected

_STDOUT = 1


def main(device: str, address: str, host: str, port: str) -> int:
    """Connect and hand over; 1 when no address of the host was reached."""
    try:
        line = connected(device, address, host, int(port))
    except OSError as error:
        sys.stderr.write(f"{device or address}: {error.strerror or error}\n")
        return 1
    told = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [line.fileno()]))
    with line, socket.socket(fileno=_STDOUT) as ssh:
        ssh.sendmsg([b"\0"], [told])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
