"""``todacomm ui``: MLflow's interface on the store in use."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import click

from todacomm.cli import JobCommand

HOST = "127.0.0.1"
_GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.3


@click.command(cls=JobCommand)
@click.option(
    "-p", "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="port on this machine"
)
def ui(port: int) -> None:
    """Open MLflow's interface on the store in use.

    It prints the link as soon as the interface answers; Ctrl-C ends it. Where MLFLOW_TRACKING_URI names a server, the
    link of that is printed and nothing is started.
    """
    open_interface(port)


def open_interface(port: int) -> None:
    """Print the link of the interface; keep it running where it is ours.

    Raises
    ------
    ValueError
        Nothing is recorded here, the port is taken, or the server ended by itself.
    """
    from todacomm import tracking

    if tracking.is_server():
        print(tracking.home_link(tracking.server_address()))
        return
    address = f"http://{HOST}:{port}"
    link = tracking.home_link(address)
    check_free(port)
    child = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "ui", "--host", HOST, "--port", str(port)],
        env=os.environ | tracking.server_environment(),
        stdout=sys.stderr,
        start_new_session=True,
    )
    try:
        print("starting MLflow's interface: some 15 seconds ...", file=sys.stderr, flush=True)
        wait_for(address, child)
        print(link, flush=True)
        print("Ctrl-C ends it", file=sys.stderr, flush=True)
        child.wait()
    finally:
        end(child)
    raise ValueError(f"mlflow ui ended by itself with exit code {child.returncode}: see what it says above")


def check_free(port: int) -> None:
    """Whether a port can be had.

    Raises
    ------
    ValueError
        Somebody has it.
    """
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
    except OSError as error:
        raise ValueError(f"port {port} cannot be had ({error.strerror}): give another with --port") from error


def wait_for(address: str, child: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers, or ends."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while child.poll() is None:
        try:
            direct.open(f"{address}/health", timeout=_GRACE_SECONDS).close()
        except OSError:
            time.sleep(_POLL_SECONDS)
        else:
            return


def end(child: "subprocess.Popen[bytes]") -> None:
    """End the server and every process that it started: those that outlive it too."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, signum)
            child.wait(_GRACE_SECONDS)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
