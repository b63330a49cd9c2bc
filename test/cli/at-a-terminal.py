"""at-a-terminal.py TEXT KEYS COMMAND...: runs a command at a terminal of its own. When it says TEXT, types KEYS ('close'
closes the terminal instead). What it says goes to stderr; 'ended with CODE' to stdout."""

import os
import pty
import sys

text, keys, command = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

said = b""
typed = False
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    said += piece
    if not typed and text.encode() in said:
        typed = True
        if keys == "close":
            break
        os.write(terminal, keys.encode().decode("unicode_escape").encode())
os.close(terminal)
_, status = os.waitpid(pid, 0)
sys.stderr.write(said.decode("utf8", "replace"))
print("ended with", os.waitstatus_to_exitcode(status))
