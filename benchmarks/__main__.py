"""All benchmarks, or those named, each in a process of its own; then the page docs/benchmarks.md.

python -m benchmarks [--form tiny|quick|full] [NAME ...]
"""

import argparse
import subprocess
import sys

from benchmarks import BENCHMARKS
from benchmarks.page import write_page
from benchmarks.reporting import FORMS, PAGE, RESULTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed and memory against peers")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without")
    parser.add_argument("--form", choices=FORMS, default="quick")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}: choose {', '.join(BENCHMARKS)}")

    failed = []
    for name in given.names or BENCHMARKS:
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", "--form", given.form])
        if done.returncode:
            failed.append(name)
    write_page(RESULTS, PAGE)
    if failed:
        sys.exit(f"no result of {', '.join(failed)}: see above")


if __name__ == "__main__":
    main()
