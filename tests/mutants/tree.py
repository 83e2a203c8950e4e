# SPDX-License-Identifier: GPL-2.0
"""Mutants, and copies of the tree to try them in."""
import filecmp
import hashlib
import importlib.machinery
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(TOP, "build/mutants")
DIED, LIMITED, SPLAT = 97, 98, 99	# see tests/vm/vm


class Failed(Exception):
    """Why a mutant cannot be tried."""


def read(path):
    """A file's text, "" if there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def script(path, name):
    """A Python program as a module."""
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def sources():
    """The files of the tree, without what was built."""
    found = []
    for where, folders, names in os.walk(TOP):
        drop = {"__pycache__"} | ({"build", ".git"} if where == TOP else set())
        folders[:] = sorted(set(folders) - drop)
        found += [os.path.relpath(os.path.join(where, n), TOP) for n in sorted(names)]
    return [n for n in found if n != ".git" and not n.startswith("tests/mutants/")]


def tree_id(names):
    """A hash of the tree: what passed once passes again."""
    h = hashlib.sha256()
    for name in names:
        with open(os.path.join(TOP, name), "rb") as f:
            h.update(name.encode() + b"\0" + hashlib.sha256(f.read()).digest())
    return h.hexdigest()[:16]


class Mutant:
    """A patch and what its header says."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)[:-len(".patch")]
        self.what = self.suite = ""
        for line in read(path).splitlines():
            if not line.startswith("#"):
                break
            m = re.match(r"# suite:\s*(\S+)$", line)
            if m:
                self.suite = m[1]
            elif "SPDX" not in line and not self.what:
                self.what = line.lstrip("# ")

    @property
    def kunit(self):
        """The suite whose KUnit cases see it, None if a script does."""
        suite, _, which = self.suite.partition("/")
        return suite if which == "kunit" else None


class Slot:
    """A copy of the tree, in which one mutant at a time is tried."""

    def __init__(self, number, names):
        self.folder = os.path.join(WORK, f"tree{number}")
        self.names = names
        self.sync()
        # The runner of that tree: its jobs run there.
        self.check = script(os.path.join(self.folder, "tests/check"), f"check{number}")

    def sync(self):
        """Make the copy like the tree; what is equal keeps its time, so make rests."""
        for name in self.names:
            src, dst = os.path.join(TOP, name), os.path.join(self.folder, name)
            if os.path.exists(dst) and filecmp.cmp(src, dst, shallow=False):
                continue
            os.makedirs(os.path.dirname(dst), exist_ok=True)
            shutil.copy(src, dst)
        have = set(self.names)
        for where, folders, names in os.walk(self.folder):
            if where == self.folder and "build" in folders:
                folders.remove("build")
            for name in names:
                path = os.path.join(where, name)
                if os.path.relpath(path, self.folder) not in have:
                    os.unlink(path)

    def command(self, *words):
        """Run something in the copy; Failed says why it cannot."""
        env = dict(os.environ, GIT_CEILING_DIRECTORIES=WORK)
        done = subprocess.run(words, cwd=self.folder, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            lines = done.stdout.splitlines() or [f"exit {done.returncode}"]
            raise Failed(f"{words[0]} {words[1]}: " +
                         next((s for s in lines if "error" in s), lines[-1]))

    def apply(self, mutant):
        """Change the copy, until the next sync()."""
        try:
            self.command("git", "apply", mutant.path)
        except Failed as e:
            raise Failed(f"does not apply: {e}") from e

    def job(self, suite):
        """The one job of a suite's name."""
        suite, _, kernel = suite.partition("@")
        try:
            jobs = self.check.jobs_of(suite)
        except SystemExit as e:
            raise Failed(str(e)) from e
        if len(jobs) != 1:
            raise Failed(f"{suite} is {len(jobs)} scripts, not one")
        jobs[0].head["kernel"] = kernel or jobs[0].head["kernel"]
        return jobs[0]

    def build(self, kernel):
        """Modules for a kernel, of the copy as it is now."""
        os.makedirs(os.path.join(self.folder, "build"), exist_ok=True)
        words = ["make", "modules", "TESTS=1"]
        if kernel == "debug":
            kdir = subprocess.run([os.path.join(TOP, "tests/vm/debug-kernel")], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout.strip()
            words.append("KDIR=" + kdir)
        elif kernel != "stock":
            words.append("KERNEL=" + kernel)
        try:
            self.command(*words)
        except Failed as e:
            raise Failed(f"does not build: {e}") from e

    def build_for(self, job):
        """Modules for all machines of a script; without one it makes what it needs."""
        for kernel in job.kernels() - {None}:
            self.build(kernel)

    def modules(self):
        """What was built for the debug kernel: name to path."""
        kdir = subprocess.run([os.path.join(TOP, "tests/vm/debug-kernel")], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()
        release = read(os.path.join(kdir, "include/config/kernel.release")).strip()
        return {name[:-len(".ko")]: os.path.join(where, name)
                for where, _, names in os.walk(os.path.join(self.folder, "build", release))
                for name in names if name.endswith(".ko")}

    def run(self, job, name):
        """(first failure or None, place of the log); ends at the first failure."""
        job.name = name
        folder = os.path.join(self.folder, "build/log", name)
        os.makedirs(os.path.join(self.folder, "build"), exist_ok=True)
        said = os.path.join(self.folder, "build/said")
        # A machine writes its output there itself.
        output = os.devnull
        if job.host:
            os.makedirs(folder, exist_ok=True)
            output = os.path.join(folder, "output")
        limited = False
        with open(said, "w", encoding="utf-8") as errors, \
                open(output, "w", encoding="utf-8") as out:
            proc = subprocess.Popen(job.command(), cwd=self.folder, stdout=out, stderr=errors,
                                    start_new_session=job.host)
            started = time.time()
            while proc.poll() is None:
                time.sleep(0.5)
                limited = job.host and time.time() - started > int(job.head["limit"])
                if limited or self.failures(folder, started)[0]:
                    if job.host:    # and what the script has started
                        os.killpg(proc.pid, signal.SIGTERM)
                    else:
                        proc.terminate()
            proc.wait()
        failed, complaint = self.failures(folder, started)
        if limited:
            complaint = "the limit of time was exceeded"
        if proc.returncode == DIED and not failed:
            raise Failed(f"the machine died in silence [{os.path.relpath(folder, TOP)}]")
        if proc.returncode in (DIED, LIMITED, SPLAT):
            complaint = " ".join(read(said).split())[:200]
        elif proc.returncode and not failed and not complaint:
            complaint = f"exit {proc.returncode}"
        return (failed[0] if failed else complaint), os.path.relpath(folder, TOP)

    def failures(self, folder, started):
        """The tests that failed so far, and what else is wrong with the output."""
        out = os.path.join(folder, "output")
        # The machine's start removes the last run's.
        if not os.path.exists(out) or os.path.getctime(out) < started - 1:
            return [], None
        tests, complaint = self.check.parse_tap(read(out))
        return [t.name for t in tests if t.result == "not ok"], complaint
