"""Runs a command on a terminal of its own and types what a script says: typist.py JSON ARGV...

The script is a list of [what to wait for, what to type]. What the command wrote goes to standard output, its exit
status to the status of this program.
"""
import json, os, pty, select, sys, time

script, argv = json.loads(sys.argv[1]), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.environ['TERM'] = 'xterm'
    os.execv(argv[0], argv)
seen, end = b'', time.monotonic() + 30
while time.monotonic() < end:
    if not select.select([terminal], [], [], 0.1)[0]:
        continue
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    os.write(1, piece)
    seen += piece
    if script and script[0][0].encode() in seen:
        os.write(terminal, script.pop(0)[1].encode())
        seen = b''
else:
    os.kill(child, 9)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xff)
