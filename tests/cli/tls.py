#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS on lines, towards OpenSSL: certificates, pre-shared keys, anonymous, who may connect; secrets.

usage: tls.py [--binary=EMULATOR] [--build=FOLDER] [PATTERN]        Speaks TAP.
"""
import base64
import shutil
import socket
import ssl
import subprocess

import lines
from lines import SECONDS, Rhea, ask, connect
from peers import QUIET, Web

PSK = '0123456789abcdef0123456789abcdef'


def openssl(*words, **more):
    return subprocess.run(['openssl', *map(str, words)], check=True, capture_output=True, timeout=SECONDS, **more).stdout


def certificates(folder, password=None):
    """An authority, and what it signed for a server and a client."""
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', folder / 'ca-key.pem', '-out',
            folder / 'ca-cert.pem', '-subj', '/CN=authority', '-days', 2)
    for name in 'server', 'client':
        (folder / 'ext').write_text('subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n')
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', folder / f'{name}-key.pem', '-out',
                folder / 'request', '-subj', f'/CN={name}')
        openssl('x509', '-req', '-in', folder / 'request', '-CA', folder / 'ca-cert.pem', '-CAkey', folder / 'ca-key.pem', '-CAcreateserial',
                '-out', folder / f'{name}-cert.pem', '-days', 2, '-extfile', folder / 'ext')
    if password:
        openssl('pkcs8', '-topk8', '-in', folder / 'server-key.pem', '-out', folder / 'locked', '-passout', f'pass:{password}')
        (folder / 'locked').rename(folder / 'server-key.pem')


def client_context(folder, certificate=True):
    context = ssl.create_default_context(cafile=folder / 'ca-cert.pem')
    if certificate:
        context.load_cert_chain(folder / 'client-cert.pem', folder / 'client-key.pem')
    return context


def server_line(folder, creds, *more, options=''):
    return (*QUIET, '-object', creds, *more, '-chardev',
            f'socket,id=a,path={folder}/s,server=on,wait=off,tls-creds=t{options}', '-qtest', 'chardev:a')


def refused(context, folder):
    """Whether the server hangs up on us."""
    try:
        with context.wrap_socket(connect(f'{folder}/s'), server_hostname='localhost') as line:
            line.sendall(b'clock_step 1\n')
            return not line.recv(1)
    except (ssl.SSLError, ConnectionError):
        return True


def loud(rhea):
    """Ends it; what it said of peers is its stderr."""
    rhea.process.terminate()
    said = rhea.process.stderr.read().decode()
    rhea.process.wait(SECONDS)
    rhea.process.stderr.close()
    rhea.process.stderr = open('/dev/null', 'rb')
    return said


def test_certificates(folder):
    certificates(folder, password='s3cret')
    creds = f'tls-creds-x509,id=t,dir={folder},endpoint=server,passwordid=p'
    with Rhea(*server_line(folder, 'secret,id=p,data=s3cret', '-object', creds)) as rhea:
        context = client_context(folder)
        with context.wrap_socket(connect(f'{folder}/s'), server_hostname='localhost') as line:
            assert line.version() == 'TLSv1.3'
            ask(line, 5, 5)
            line.sendall(b'read 0 300000\n')
            text = b''
            while not text.endswith(b'\n'):
                text += line.recv(65536)
            assert text == b'OK 0x' + b'00' * 300000 + b'\n'
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with context.wrap_socket(connect(f'{folder}/s'), server_hostname='localhost') as line:
            ask(line, 1, 6)
        assert refused(client_context(folder, certificate=False), folder)
        with connect(f'{folder}/s') as line:
            line.sendall(b'GET / HTTP/1.1\r\n\r\n')
            while line.recv(100):
                pass
        assert "chardev 'a': no TLS with this peer" in loud(rhea)


def test_who_may_connect(folder):
    certificates(folder)
    creds = f'tls-creds-x509,id=t,dir={folder},endpoint=server'
    (folder / 'rules').write_text('{"rules": [{"match": "CN=cli*", "policy": "allow", "format": "glob"}], "policy": "deny"}')
    for authz, good in (('authz-simple,id=z,identity=CN=client', True), ('authz-simple,id=z,identity=CN=other', False),
                        (f'authz-list-file,id=z,filename={folder}/rules', True)):
        with Rhea(*server_line(folder, creds, '-object', authz, options=',tls-authz=z')) as rhea:
            assert refused(client_context(folder), folder) != good, authz
            assert ("'z' does not let 'CN=client' in" in loud(rhea)) != good


def test_websocket_over_tls(folder):
    certificates(folder)
    creds = f'tls-creds-x509,id=t,dir={folder},endpoint=server,verify-peer=off'
    with Rhea(*server_line(folder, creds, options=',websocket=on')):
        context = client_context(folder, certificate=False)
        with context.wrap_socket(connect(f'{folder}/s'), server_hostname='localhost') as line:
            web = Web(line)
            web.send(b'clock_step 5\n')
            assert web.receive() == (0x82, b'OK 5\n')


def test_client_checks_the_server(folder):
    certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / 'server-cert.pem', folder / 'server-key.pem')
    context.load_verify_locations(folder / 'ca-cert.pem')
    context.verify_mode = ssl.CERT_REQUIRED
    for host, good in ('localhost', True), ('elsewhere', False):
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(SECONDS)
            server.bind(f'{folder}/{host}')
            server.listen()
            line = f'socket,id=a,path={folder}/{host},tls-creds=t,tls-hostname={host}'
            with Rhea(*QUIET, '-object', f'tls-creds-x509,id=t,dir={folder},endpoint=client', '-chardev', line, '-qtest', 'chardev:a') as rhea:
                try:
                    with context.wrap_socket(server.accept()[0], server_side=True) as peer:
                        peer.settimeout(SECONDS)
                        ask(peer, 3, 3)
                        met = True
                except (AssertionError, ssl.SSLError, ConnectionError, IndexError):
                    met = False
                assert met == good, host
                assert ("the peer's certificate" in loud(rhea)) != good


def test_pre_shared_keys(folder):
    (folder / 'keys.psk').write_text(f'ann:{PSK}\n')
    with Rhea(*server_line(folder, f'tls-creds-psk,id=t,dir={folder},endpoint=server', '-object', 'authz-simple,id=z,identity=ann',
                           options=',tls-authz=z')):
        connect(f'{folder}/s').close()
        client = subprocess.Popen(['openssl', 's_client', '-quiet', '-unix', f'{folder}/s', '-psk_identity', 'ann', '-psk', PSK, '-tls1_2',
                                   '-cipher', 'PSK'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        client.stdin.write(b'clock_step 7\n')
        client.stdin.flush()
        assert client.stdout.readline() == b'OK 7\n'
        client.kill()
        client.wait()


def test_anonymous(folder):
    with Rhea(*server_line(folder, 'tls-creds-anon,id=t,endpoint=server')):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers('aNULL:@SECLEVEL=0')
        with context.wrap_socket(connect(f'{folder}/s')) as line:
            ask(line, 5, 5)


def answer(*words):
    done = subprocess.run([Rhea.binary, *lines.BASE, *QUIET, '-serial', 'nosuch', *words], capture_output=True, text=True, timeout=SECONDS,
                          check=False, stdin=subprocess.DEVNULL)
    return done.stderr.strip()


def test_secrets(folder):
    key, iv = bytes(range(32)), bytes(range(16))
    data = openssl('enc', '-aes-256-cbc', '-K', key.hex(), '-iv', iv.hex(), input=b's3cret')
    certificates(folder, password='s3cret')
    (folder / 'key').write_text(base64.b64encode(key).decode() + '\n')
    master = ('-object', f'secret,id=k,file={folder}/key,format=base64')
    good = f'secret,id=p,keyid=k,iv={base64.b64encode(iv).decode()},data={base64.b64encode(data).decode()},format=base64'
    creds = f'tls-creds-x509,id=t,dir={folder},endpoint=server,verify-peer=off,passwordid=p'
    with Rhea(*QUIET, *master, '-object', good, '-object', creds, '-qtest', f'unix:{folder}/s,server,nowait'):
        connect(f'{folder}/s').close()
    for words, expected in (
            (('-object', 'secret,id=p'), 'either data= or file= must be given'),
            (('-object', 'secret,id=p,data=x,format=base64'), 'the data is not base64'),
            (('-object', f'secret,id=p,file={folder}/nowhere'), 'No such file'),
            ((*master, '-object', 'secret,id=p,keyid=k,data=AAAA,format=base64'), 'keyid= needs iv='),
            ((*master, '-object', 'secret,id=p,keyid=k,iv=AAAA,data=AAAA,format=base64'), 'iv= has 3 bytes and must have 16'),
            ((*master, '-object', good.replace('DA0ODw==', 'DA0OAA==')), 'does not decrypt'),
            (('-object', 'secret,id=p,data=wrong', '-object', creds), 'server-key.pem: '),
            (('-object', f'tls-creds-x509,id=t,dir={folder}/nowhere'), 'there is no'),
            (('-object', 'tls-creds-psk,id=t'), 'dir= is missing'),
            (('-object', 'authz-simple,id=z'), 'identity= is missing'),
            (('-chardev', 'socket,id=a,path=s,server=on,tls-creds=t'), "there is no object 't'"),
            (('-object', 'tls-creds-anon,id=t', '-chardev', 'socket,id=a,path=s,server=on,tls-creds=t'), "'t' has endpoint=client"),
            (('-chardev', 'socket,id=a,path=s,server=on,tls-authz=z'), 'need tls-creds=')):
        said = answer(*words)
        assert expected in said and '\n' not in said, (words, said)
        assert 's3cret' not in said


if __name__ == '__main__':
    if not shutil.which('openssl'):
        lines.guest.skip('openssl is not installed', tap=True)
    lines.main(globals())
