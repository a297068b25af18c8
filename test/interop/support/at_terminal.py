"""Runs a command at a pseudo terminal and answers it as a person would.

    at_terminal.py COMMAND [ARGUMENT...] < DIALOGUE

DIALOGUE is a JSON list of [PATTERN, ANSWER]: once PATTERN (a regular expression) is on the screen after the answer before it,
ANSWER and Enter are typed. An answer of null types nothing more and hangs up. Prints all that was on the screen and exits as
the command did; 124 where a pattern, or the end, did not come in time.
"""

import json
import os
import pty
import re
import select
import sys
import time

LIMIT_S = 60
# A person sees a prompt before answering it. The command may still be switching the echo off.
PAUSE_S = 0.1


def main() -> int:
    dialogue = json.load(sys.stdin)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    screen = b""
    answered = 0
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # Linux says EIO when the last program at the terminal has ended
                chunk = b""
            if not chunk:
                break
            screen += chunk
        if not dialogue:
            continue
        pattern, answer = dialogue[0]
        if re.search(pattern.encode(), screen[answered:]) is None:
            continue
        dialogue.pop(0)
        answered = len(screen)
        time.sleep(PAUSE_S)
        if answer is None:
            break
        os.write(terminal, answer.encode() + b"\r")
    else:
        os.kill(pid, 9)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    sys.stdout.buffer.write(screen)
    timed_out = time.monotonic() >= deadline
    if dialogue:
        print(f"\n[never asked: {dialogue[0][0]}]")
    code = os.waitstatus_to_exitcode(status)
    return 124 if timed_out or dialogue else code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
