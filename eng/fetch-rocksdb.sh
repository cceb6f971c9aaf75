#!/bin/sh
# Makes librocksdb available to a build on Debian and Ubuntu, without root and without installing anything.
#
# usage: fetch-rocksdb.sh DIRECTORY
#
# When this system has no librocksdb, downloads the distribution's package, and those it needs that are not installed,
# and unpacks their shared libraries into DIRECTORY. Writes DIRECTORY/.fetched when that has succeeded. Ends with 0 in
# every case that a build can go on from; says in one sentence what to do when no library could be had.
set -u

target=${1:?"usage: fetch-rocksdb.sh DIRECTORY"}

log() { printf '%s\n' "$*"; }

# At run time the program says the same, in MissingLibrary.cs.
give_up() {
    if command -v apt-get >/dev/null 2>&1; then
        remedy="install it with 'sudo apt-get install ${package:-librocksdb-dev}'"
    else
        remedy="install your distribution's package of RocksDB"
    fi
    log "librocksdb was not found and could not be fetched ($1): $remedy, or set ROCKSDB_LIBRARY to the library's file."
    exit 0
}

has_library() {
    if [ -n "${ROCKSDB_LIBRARY:-}" ]; then
        return 0
    fi

    if PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep -q 'librocksdb\.so'; then
        return 0
    fi

    for file in /usr/lib/*/librocksdb.so* /usr/lib64/librocksdb.so* /usr/lib/librocksdb.so* /usr/local/lib/librocksdb.so*; do
        if [ -e "$file" ]; then
            return 0
        fi
    done

    return 1
}

if has_library; then
    exit 0
fi

mkdir -p "$target" || exit 0

# Builds run in parallel and from several checkouts; the directory is filled by one of them, the others wait for it.
if command -v flock >/dev/null 2>&1; then
    exec 9>"$target/.lock"
    flock 9
fi

if [ -e "$target/.fetched" ]; then
    exit 0
fi

for tool in apt-get apt-cache dpkg-deb dpkg-query; do
    command -v "$tool" >/dev/null 2>&1 || give_up "$tool is not on this system"
done

work=$(mktemp -d) || exit 0
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages" "$work/root"

lists=
cache="-o Dir::Cache=$work/cache -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o APT::Sandbox::User="

# apt's own lists may be missing (containers), empty or stale; a private copy needs no root.
refresh_lists() {
    log "Fetching package lists to find librocksdb..."
    lists="-o Dir::State::lists=$work/lists"
    # shellcheck disable=SC2086  # options are words
    apt-get -qq $lists $cache update >"$work/update.log" 2>&1
}

# One list of many that fails is no reason to stop: the package may be in the others.
why_none() {
    if [ -s "$work/update.log" ]; then
        log "the package lists could not be fetched"
    else
        log "this distribution has no package of it"
    fi
}

find_package() {
    # shellcheck disable=SC2086
    apt-cache $lists $cache search --names-only '^librocksdb[0-9]' 2>/dev/null | cut -d' ' -f1 | grep -v -- '-' | sort -V | tail -n 1
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The package and what it needs, without what is installed, and never the C and C++ runtimes, which .NET has brought.
collect() {
    pending=$1
    wanted=
    while [ -n "$pending" ]; do
        next=
        for name in $pending; do
            case " $wanted " in *" $name "*) continue ;; esac
            case $name in libc6 | libgcc-s1 | libstdc++6) continue ;; esac
            is_installed "$name" && continue
            wanted="$wanted $name"
            # shellcheck disable=SC2086
            next="$next $(apt-cache $lists $cache depends --no-recommends --no-suggests --no-conflicts --no-breaks \
                --no-replaces --no-enhances "$name" 2>/dev/null | sed -n 's/^ *|\{0,1\}\(Pre\)\{0,1\}Depends: \([a-z0-9][a-z0-9+.-]*\)$/\2/p')"
        done
        pending=$next
    done
}

download() {
    collect "$package"
    # shellcheck disable=SC2086
    (cd "$work/packages" && apt-get -qq $lists $cache download $wanted) >"$work/download.log" 2>&1
}

package=$(find_package)
if [ -z "$package" ]; then
    refresh_lists
    package=$(find_package)
    [ -n "$package" ] || give_up "$(why_none)"
fi

log "librocksdb is not on this system: fetching the package $package and what it needs into $target"
if ! download; then
    [ -z "$lists" ] || give_up "the download failed"
    refresh_lists
    newer=$(find_package)
    [ -n "$newer" ] || give_up "$(why_none)"
    package=$newer
    download || give_up "the download of $package failed"
fi

for deb in "$work"/packages/*.deb; do
    dpkg-deb -x "$deb" "$work/root" || give_up "$(basename "$deb") is damaged"
done

# One file per library, under the name that the loader asks for. Each lands whole, by a rename.
find "$work/root" -path '*/doc' -prune -o -name '*.so.*' -print | while read -r file; do
    [ -h "$file" ] && continue
    soname=$(basename "$file")
    for link in "$(dirname "$file")"/*.so.*; do
        if [ -h "$link" ] && [ "$(basename "$(readlink -f "$link")")" = "$(basename "$file")" ]; then
            soname=$(basename "$link")
        fi
    done
    cp "$file" "$target/.$soname.new" && chmod 644 "$target/.$soname.new" && mv "$target/.$soname.new" "$target/$soname"
done

ls "$target"/librocksdb.so.* >/dev/null 2>&1 || give_up "the package $package holds no librocksdb"
for deb in "$work"/packages/*.deb; do
    basename "$deb" .deb
done >"$work/fetched"
mv "$work/fetched" "$target/.fetched"
log "Fetched: $(tr '\n' ' ' <"$target/.fetched")"
