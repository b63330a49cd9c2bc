#!/usr/bin/env bash
# Makes the folder $1 a git work tree in the middle of work, whose remote is the new bare repository $2.
set -euo pipefail
cd "$1"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'

git init --quiet --initial-branch main
git config user.name 'Ada Example'; git config user.email ada@example.invalid
git config core.autocrlf false; git config alias.st 'status --short'
printf 'server/.env\nsecrets/\ndata/\n*.log\nnode_modules/\n' >.gitignore
printf 'one\n' >changed.txt; printf 'two\n' >staged.txt; printf 'three\n' >deleted.txt; printf 'four\n' >'renamed é.txt'
printf '#!/bin/sh\necho hi\n' >run.sh; chmod 755 run.sh
printf '\x00\x01\xff\r\n' >binary.bin; printf 'latin1' >$'caf\xe9.txt'
ln -s changed.txt link.txt; mkdir -p docs; printf 'kept\n' >docs/page.md
git add . && git commit --quiet -m 'The beginning'
git tag -a v1.0 -m 'first release'; git tag light
git init --quiet --bare "$2"; git remote add origin "$2"
git push --quiet --set-upstream origin main v1.0
printf 'secret-token-in-url' >/dev/null; git remote add backup 'https://someone:url-p4ssw0rd@git.example.invalid/shop.git'

git switch --quiet -c feature/unpushed
printf 'unpushed\n' >feature.txt; git add feature.txt; git commit --quiet -m 'Not pushed anywhere'
git switch --quiet main
printf 'also unpushed\n' >>docs/page.md; git commit --quiet -am 'Ahead of origin by one'
git notes add -m 'a note on it'
git branch 'odd/Zweig-ü'

printf 'stashed\n' >>changed.txt; printf 'stashed and untracked\n' >new-in-stash.txt
git stash push --quiet --include-untracked -m 'first: with an untracked file'
printf 'staged in stash\n' >>staged.txt; git add staged.txt; printf 'more\n' >>staged.txt
git stash push --quiet -m 'second: half of it staged'

printf 'dirty\n' >>changed.txt
printf 'staged\n' >>staged.txt; git add staged.txt; printf 'and then changed again\n' >>staged.txt
git mv 'renamed é.txt' 'new name é.txt'
rm deleted.txt; git rm --quiet --cached docs/page.md
printf 'only staged\n' >added-then-gone.txt; git add added-then-gone.txt; rm added-then-gone.txt
printf 'to come\n' >intent.txt; git add --intent-to-add intent.txt
chmod 644 run.sh
mkdir -p 'untracked folder/deep'; printf 'untracked\n' >'untracked folder/deep/file'; printf 'x' >$'untracked folder/b\xff'
printf '#!/bin/sh\n' >'untracked folder/tool'; chmod 750 'untracked folder/tool'; ln -s tool 'untracked folder/tool-link'
printf 'noise\n' >debug.log; mkdir -p node_modules/left-pad; printf '1' >node_modules/left-pad/index.js
printf '#!/bin/sh\nexit 0\n' >.git/hooks/pre-push; chmod 755 .git/hooks/pre-push
printf 'private-notes.txt\n' >>.git/info/exclude; printf 'mine\n' >private-notes.txt
touch -d '2020-02-02 02:02:02.222222222Z' changed.txt 'untracked folder/deep/file'
