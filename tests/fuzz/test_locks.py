# SPDX-License-Identifier: Apache-2.0
"""clang refuses code that uses a guarded member without its mutex, in the preset `fuzz`.

The build of that preset checks all product code (-Wthread-safety). Here its compiler and flags get
code that is wrong in each of the ways that common/base/mutex.h is to find, and code that is right.
"""

import json
import pathlib
import shlex
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build/fuzz"
CODE = """#include "common/base/mutex.h"
namespace telltale {{
class Account {{
 public:
  void Pay(int sum) {{ {pay} }}
  bool Wait() {{
    MutexLock lock(mutex_);
    changed_.Wait(mutex_, {predicate} {{ return sum_ > 0; }});
    return true;
  }}

 private:
  void AddLocked(int sum) REQUIRES(mutex_) {{ sum_ += sum; }}

  Mutex mutex_, other_;
  CondVar changed_;
  int sum_ GUARDED_BY(mutex_) = 0;
}};
void Use(Account& account) {{
  account.Pay(1);
  account.Wait();
}}
}}  // namespace telltale
"""
WAITS = "[this]() REQUIRES(mutex_)"
REFUSED = {
    "a member without its mutex": ("sum_ += sum;", WAITS),
    "a member with another mutex": ("MutexLock lock(other_); sum_ += sum;", WAITS),
    "a function that needs the mutex": ("AddLocked(sum);", WAITS),
    "a member after the mutex was released": ("MutexLock lock(mutex_); lock.Unlock(); sum_ += sum;", WAITS),
    "a mutex that is locked twice": ("MutexLock lock(mutex_); MutexLock again(mutex_); sum_ += sum;", WAITS),
    "a mutex that is not released": ("mutex_.Lock(); sum_ += sum;", WAITS),
    "a predicate that does not say what it needs": ("MutexLock lock(mutex_); sum_ += sum;", "[this]()"),
}
ALLOWED = {
    "a member with its mutex": "MutexLock lock(mutex_); sum_ += sum;",
    "a function that needs the mutex": "MutexLock lock(mutex_); AddLocked(sum); changed_.NotifyAll();",
    "a mutex that is released in between": "MutexLock lock(mutex_); lock.Unlock(); lock.Lock(); sum_ += sum;",
}


def compiled(folder: pathlib.Path, pay: str, predicate: str) -> subprocess.CompletedProcess:
    """The code, compiled as the sender of log lines is in this build."""
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    entry = next(entry for entry in entries if entry["file"].endswith("/sidecar/loki/sender.cc"))
    words = shlex.split(entry["command"])
    if words[0].endswith("ccache"):
        del words[0]
    source = folder / "account.cc"
    source.write_text(CODE.format(pay=pay, predicate=predicate))
    del words[words.index("-o") : words.index("-o") + 2]
    words[words.index("-c") :] = ["-fsyntax-only", f"-I{ROOT}", str(source)]
    return subprocess.run(words, cwd=entry["directory"], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("pay,predicate", REFUSED.values(), ids=REFUSED)
def test_a_wrong_access_is_refused(tmp_path, pay, predicate):
    done = compiled(tmp_path, pay, predicate)
    assert done.returncode != 0, done.stderr
    errors = [line for line in done.stderr.splitlines() if " error: " in line]
    assert errors and all("-Werror,-Wthread-safety" in line for line in errors), done.stderr


@pytest.mark.parametrize("pay", ALLOWED.values(), ids=ALLOWED)
def test_a_right_access_is_taken(tmp_path, pay):
    done = compiled(tmp_path, pay, WAITS)
    assert done.returncode == 0 and not done.stderr, done.stderr
