# try.sh MAP...: apply maps one after another  and look whether the program loads
cd "$TREE" && git checkout -q . && git clean -fdq  # TREE: a scratch worktree; TOOLS: this folder; BIN: the bin of a .venv
RF=$BIN/ruff
for m in "$@"; do nice -n 3 python3 $TOOLS/move.py . $TOOLS/maps/$m.map | grep -v "^doc of"; $RF check --select I,F401,F811 --fix -q . ; $RF format -q .; done
$RF check . --output-format concise | tail -${LAST:-12}; git diff --stat | tail -1
PYTHONPATH=$PWD PYTHONDONTWRITEBYTECODE=1 $BIN/python -c "import lms.app, kernel; print(kernel.__file__)" 2>&1 | tail -3
