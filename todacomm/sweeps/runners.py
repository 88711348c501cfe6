"""Who works through the tasks: this process, or joblib on processes, a Ray cluster or a Dask scheduler."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from todacomm.settings.sweep import SweepConfig
from todacomm.sweeps.worker import Outcome, Task, carry_out, carry_out_elsewhere
from todacomm.system.environment import environment
from todacomm.system.installed import install_line
from todacomm.system.machine import worker_threads
from todacomm.system.progress import Progress, silent

_SECONDS = 10.0
_NATIVE_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip


class LostWorkers(Exception):
    """Workers died, or their cluster did: some tasks have no outcome."""


Run = Callable[[Sequence[Task], int], Iterator[Outcome]]
"""Outcomes of tasks as they come, so many at once."""


@contextmanager
def runner(config: SweepConfig, progress: Progress = silent) -> Iterator[Run]:
    """What works through tasks; its cluster is there as long as the ``with`` block lasts.

    Raises
    ------
    ValueError
        The extra is not installed, or nothing answers at the address: within seconds.
    """
    with RUNNERS[config.runner](config, progress) as run:
        yield run


@contextmanager
def serial(config: SweepConfig, progress: Progress) -> Iterator[Run]:
    """One after the other, in this process."""
    yield lambda tasks, workers: (carry_out(task, progress) for task in tasks)


@contextmanager
def processes(config: SweepConfig, progress: Progress) -> Iterator[Run]:
    """Processes of this machine (loky), each started afresh: none inherits a half-used library."""
    from joblib.externals.loky import get_reusable_executor

    try:
        yield lambda tasks, workers: _parallel(tasks, workers, backend="loky")
    finally:
        get_reusable_executor(reuse=True).shutdown(kill_workers=True)


@contextmanager
def ray(config: SweepConfig, progress: Progress) -> Iterator[Run]:
    """Actors on a Ray cluster, each with its processors and GPUs."""
    try:
        import ray as cluster
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise ValueError(f"runner=ray needs Ray ({error}): {install_line('ray')}") from error

    _check_answers(config.address, 6379)
    _check_speaks_grpc(config.address, 6379)
    try:
        cluster.init(address=config.address or None, log_to_driver=False, ignore_reinit_error=True)
    except (ConnectionError, OSError, RuntimeError) as error:
        advice = "`ray status` there tells; one that asks for a token is answered with RAY_AUTH_MODE=token here too"
        raise ValueError(f"no Ray cluster answers at {config.address!r} ({error}): {advice}") from error
    try:
        register_ray()
        room = _room(cluster.cluster_resources(), config)

        def run(tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
            workers = min(workers, room)
            share = 2 if workers == 1 else 1  # two actors wait for one task at a time, see _parallel
            remote = {"num_cpus": config.cpus_per_run / share, "num_gpus": config.gpus_per_run / share}
            return _parallel(tasks, workers, backend="ray", ray_remote_args=remote)

        yield run
    finally:
        cluster.shutdown()


@contextmanager
def dask(config: SweepConfig, progress: Progress) -> Iterator[Run]:
    """Workers of a Dask scheduler, or of one that is started here."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError(f"runner=dask needs Dask ({error}): {install_line('dask')}") from error

    _check_answers(config.address, 8786)
    _check_greets(config.address, 8786)
    own: dict[str, Any] = {
        "n_workers": config.workers or worker_threads(None),
        "threads_per_worker": 1,
        "dashboard_address": None,
    }
    where = {"address": config.address} if config.address else own
    try:
        client = Client(timeout=_SECONDS, **where)
    except (OSError, TimeoutError) as error:
        raise ValueError(f"no Dask scheduler answers at {config.address!r} ({error}): start one there") from error
    with client:
        yield lambda tasks, workers: _parallel(tasks, workers, backend="dask")


RUNNERS: dict[str, Callable[[SweepConfig, Progress], AbstractContextManager[Run]]] = {
    "serial": serial,
    "processes": processes,
    "ray": ray,
    "dask": dask,
}


def _room(resources: Mapping[str, float], config: SweepConfig) -> int:
    """How many analyses a Ray cluster has the processors and GPUs for.

    Raises
    ------
    ValueError
        Not for a single one.
    """
    asked = {"CPU": config.cpus_per_run, "GPU": config.gpus_per_run}
    room = min((int(resources.get(kind, 0) // each) for kind, each in asked.items() if each), default=1)
    if not room:
        there = ", ".join(f"{resources.get(kind, 0):g} {kind}" for kind in asked)
        raise ValueError(
            f"the Ray cluster has {there}: less than cpus_per_run={config.cpus_per_run:g} and "
            f"gpus_per_run={config.gpus_per_run:g} ask for"
        )
    return room


def _parallel(tasks: Sequence[Task], workers: int, backend: str, **options: Any) -> Iterator[Outcome]:
    """Outcomes as they come.

    joblib does a single job in the process that asks for it, where a task that kills its process kills the sweep: two
    are asked for then, and handed one task at a time.

    Raises
    ------
    LostWorkers
        The backend gave up: a task itself never raises.
    """
    from joblib import Parallel, delayed, parallel_config

    threads = str(min(task.threads for task in tasks))
    with ExitStack() as stack:
        stack.enter_context(environment(dict.fromkeys(_NATIVE_THREADS, threads)))
        stack.enter_context(parallel_config(backend, n_jobs=max(workers, 2), **options))
        order = "generator_unordered" if backend in ("loky", "dask") else "list"
        try:
            yield from Parallel(return_as=order, batch_size=1, pre_dispatch=workers)(
                delayed(carry_out_elsewhere)(task) for task in tasks
            )
        except Exception as error:  # of loky, Ray or Dask, each with classes of its own
            raise LostWorkers(f"{type(error).__name__}: {error}") from error


def _check_answers(address: str, port: int) -> None:
    """Whether another program listens where a cluster should be, asked once: its own client asks for minutes."""
    if not address or address == "auto":
        return
    try:
        socket.create_connection(_host_and_port(address, port), timeout=_SECONDS / 2).close()
    except (OSError, ValueError) as error:
        raise ValueError(
            f"nothing answers at {address!r} ({error}): start the cluster, or change the address"
        ) from error


def _check_speaks_grpc(address: str, port: int) -> None:
    """Whether the program that listens there speaks Ray's protocol; with TLS its own client has to try."""
    if not address or address == "auto" or os.environ.get("RAY_USE_TLS") == "1":
        return
    import grpc

    host, own_port = _host_and_port(address, port)
    with grpc.insecure_channel(f"{host}:{own_port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=_SECONDS)
        except grpc.FutureTimeoutError as error:
            raise ValueError(
                f"another program listens at {address!r}, and it is no Ray cluster: give the address of its head"
            ) from error


def _check_greets(address: str, port: int) -> None:
    """Whether the program that listens there speaks first, as a Dask scheduler does; Dask waits for that for ever."""
    if not address or ("://" in address and not address.startswith("tcp://")):
        return
    try:
        with socket.create_connection(_host_and_port(address, port), timeout=_SECONDS) as asking:
            greeted = asking.recv(1)
    except OSError:
        greeted = b""
    if not greeted:
        raise ValueError(
            f"another program listens at {address!r}, and it is no Dask scheduler: give the address of the scheduler"
        )


def _host_and_port(address: str, port: int) -> tuple[str, int]:
    parts = urlsplit(address if "://" in address else f"//{address}")
    return parts.hostname or "", parts.port or port
