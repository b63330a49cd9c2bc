# What the scripts of this folder can use besides the shell's own.

# A small project without Docker: a folder with code, a secret and data, kept in a vault beside it; one point taken.
make_shop() {
  mkdir -p shop/data/photos shop/src
  printf 'name: shop\nvolumes:\n  ./data: {}\n' >shop/aidatavault.yml
  echo 'API_KEY=s3cr3t' >shop/.env
  echo 'console.log(1)' >shop/src/main.js
  echo 'a photo' >shop/data/photos/a.jpg
  head -c 300000 /dev/urandom >shop/data/photos/b.jpg
}
protect_shop() {
  make_shop
  (cd shop && aidatavault init "$WORK/vault" --no-remember && aidatavault backup) >/dev/null
}

# A program as somebody who is not root.
somebody() { setpriv --reuid=64321 --regid=64321 --clear-groups -- "$@"; }

# restic on the vault.
judge() { RESTIC_PASSWORD=$AIDATAVAULT_PASSWORD restic --no-cache --quiet -r "$WORK/vault" "$@"; }

# Lets restic write into the vault, without end, so that its lock stays; and ends that as a crash would.
hold_vault() {
  mkfifo "$WORK/hold"
  sleep 600 >"$WORK/hold" 2>/dev/null &
  echo $! >"$WORK/.holders"
  RESTIC_PASSWORD=$AIDATAVAULT_PASSWORD restic --no-cache -r "$WORK/vault" backup --stdin <"$WORK/hold" >/dev/null 2>&1 &
  echo $! >>"$WORK/.holders"
  for _ in {1..200}; do if [ -n "$(ls "$WORK/vault/locks")" ]; then return; fi; sleep 0.05; done
  return 1
}
let_go() {
  xargs -r kill -9 <"$WORK/.holders" 2>/dev/null || true
  # Dead is not gone: until somebody has asked for its exit code, its number is taken.
  for _ in {1..200}; do if ! kill -0 "$(tail -1 "$WORK/.holders")" 2>/dev/null; then break; fi; sleep 0.05; done
  rm -f "$WORK/.holders"
}

# restic's REST server, on a socket in this folder.
serve_vaults() {
  mkdir -p "$WORK/served"
  rest-server --no-auth --path "$WORK/served" --listen "unix:$WORK/rest.sock" >/dev/null 2>&1 &
  echo $! >>"$WORK/.holders"
  for _ in {1..200}; do if [ -S "$WORK/rest.sock" ]; then return; fi; sleep 0.05; done
  return 1
}

# Somebody who is told things, at $WORK/port of this machine; what comes stands in $WORK/messages. Paths that begin with /no are refused.
receive_messages() {
  python3 - "$WORK" <<'SERVER' >/dev/null 2>&1 &
import http.server, os, sys
work = sys.argv[1]
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['content-length'] or 0)).decode()
        with open(work + '/messages', 'a') as messages: messages.write(f'{self.path} {body}\n')
        self.send_response(403 if self.path.startswith('/no') else 200)
        self.end_headers()
server = http.server.HTTPServer(('127.0.0.1', 0), Receiver)
with open(work + '/port.new', 'w') as port: port.write(str(server.server_port))
os.rename(work + '/port.new', work + '/port')
server.serve_forever()
SERVER
  echo $! >>"$WORK/.holders"
  for _ in {1..200}; do if [ -f "$WORK/port" ]; then return; fi; sleep 0.05; done
  return 1
}

# How many points the vault has.
count_points() { find "$WORK/vault/snapshots" -type f | wc -l; }

# Everything in the vault but its locks, as one number: to see that nothing was changed.
vault_sum() { (cd "$WORK/vault" && find . -type f -not -path './locks/*' -exec sha256sum {} + | sort | sha256sum); }
remember_vault() { vault_sum >"$WORK/.vault-sum"; }
vault_is_unchanged() { vault_sum | cmp - "$WORK/.vault-sum" && [ -z "$(ls "$WORK/vault/locks")" ]; }

# The largest pack, which holds the photos.
largest_pack() { find "$WORK/vault/data" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2-; }
# Turns one bit over, in the middle of a file.
flip_bit() { chmod u+w "$1"; python3 -c 'import sys; f = open(sys.argv[1], "r+b"); f.seek(0, 2); at = f.tell() // 2; f.seek(at); b = f.read(1)[0]; f.seek(at); f.write(bytes([b ^ 1]))' "$1"; }

# A small disk of its own.
small_disk() { mkdir -p "$1" && mount -t tmpfs -o "size=$2" tmpfs "$1"; }

clean_up() {
  if [ -f "$WORK/.holders" ]; then let_go; fi
  awk -v work="$WORK/" 'index($2, work) == 1 { print $2 }' /proc/mounts | xargs -r -n 1 umount || true
}

# at_a_terminal TEXT KEYS COMMAND…: somebody who types KEYS, or closes the window ('close'), when the command says TEXT.
at_a_terminal() { python3 "$(dirname "${BASH_SOURCE[0]}")/at-a-terminal.py" "$@"; }

# What a kit of text says: its first code, and the words of it.
code_of() { sed -n 's/^ *Recovery code: *//p' "$1" | head -1; }
words_of() { sed -n '/In words:/,/^$/p' "$1" | sed 's/In words://' | grep -o '[a-z]*' | head -15 | paste -sd' '; }
