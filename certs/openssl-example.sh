#!/bin/sh
# Makes with openssl (3.0 or later) what `wsstorage certs new` makes: an authority, a keystore and a truststore for the
# server and for the client, and the password of all of them.
# Usage: openssl-example.sh [DIRECTORY [HOST...]]      default: this script's directory; localhost 127.0.0.1 ::1
set -eu

directory=${1:-$(dirname "$0")}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- localhost 127.0.0.1 ::1

umask 077
mkdir -p "$directory"
for file in stores.password ca.pfx server.keystore.pfx server.truststore.pfx client.keystore.pfx client.truststore.pfx; do
    if [ -e "$directory/$file" ]; then
        echo "$directory/$file exists already; nothing was written." >&2
        exit 1
    fi
done

# Private keys lie here unencrypted until they are in their keystores.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

names=
for host in "$@"; do
    case $host in
        *:* | [0-9]*.[0-9]*.[0-9]*.[0-9]*) names="$names,IP:$host" ;;
        *) names="$names,DNS:$host" ;;
    esac
done

cat > "$work/openssl.cnf" <<EOF
[req]
distinguished_name = subject
prompt = no
[subject]
[authority]
basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${names#,}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
EOF

new_key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"
}

# issue ROLE NAME: a key, and a certificate for it that the authority signs.
issue() {
    new_key "$1"
    openssl req -new -config "$work/openssl.cnf" -key "$work/$1.key" -subj "/CN=$2" -out "$work/$1.csr"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -set_serial "0x40$(openssl rand -hex 15)" \
        -days 365 -extfile "$work/openssl.cnf" -extensions "$1" -out "$work/$1.crt" 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
}

# keystore ROLE FILE: certificate, key and chain.   truststore FILE: the authority's certificate alone.
keystore() {
    openssl pkcs12 -export -inkey "$work/$1.key" -in "$work/$1.crt" -certfile "$work/ca.crt" -name "$1" \
        -passout "file:$directory/stores.password" -out "$directory/$2"
}
truststore() {
    openssl pkcs12 -export -nokeys -in "$work/ca.crt" -passout "file:$directory/stores.password" -out "$directory/$1"
}

openssl rand -hex 24 > "$directory/stores.password"
new_key ca
openssl req -x509 -new -config "$work/openssl.cnf" -extensions authority -key "$work/ca.key" \
    -subj "/CN=WsStorage CA" -days 3650 -out "$work/ca.crt"
issue server "$1"
issue client client

openssl pkcs12 -export -inkey "$work/ca.key" -in "$work/ca.crt" -name ca \
    -passout "file:$directory/stores.password" -out "$directory/ca.pfx"
keystore server server.keystore.pfx
truststore server.truststore.pfx
keystore client client.keystore.pfx
truststore client.truststore.pfx
echo "Made the authority, keystores and truststores in $directory"
