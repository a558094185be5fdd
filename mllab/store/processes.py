"""Other processes of this machine: who is at the other end of a connection, and whether it still lives."""

import psutil


def process_behind(client_port: int, server_port: int) -> str | None:
    """The process that has a connection open on this machine, as `PID@START`; None where that cannot be known.

    Args:
        client_port: of its end.
        server_port: of ours.
    """
    try:
        for one in psutil.net_connections("tcp"):
            ends = one.laddr.port if one.laddr else None, one.raddr.port if one.raddr else None
            if ends == (client_port, server_port) and one.pid is not None:
                return f"{one.pid}@{psutil.Process(one.pid).create_time():.2f}"
    except psutil.Error:  # somebody else's process, or one that has just ended
        return None
    return None


def is_alive(process: str) -> bool:
    """Whether a process that `process_behind` named lives; its number may have gone to another since."""
    pid, _, start = process.partition("@")
    try:
        found = psutil.Process(int(pid))
        return f"{found.create_time():.2f}" == start and found.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False
