"""Slack's side of a connection: signed requests over one kept-alive socket, each timed until its answer is read.

Reads what to send as JSON from standard input and prints the milliseconds of each answer. It does no more than
write and read bytes, so that it takes as little as possible of the time it measures.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import sys
import time
from typing import Any


def signed(body: str, content_type: str, secret: str) -> bytes:
    """A request as Slack signs it.

    https://docs.slack.dev/authentication/verifying-requests-from-slack/
    """
    now, data = str(int(time.time())), body.encode()
    digest = hmac.new(secret.encode(), f"v0:{now}:".encode() + data, hashlib.sha256).hexdigest()
    head = (
        f"POST /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(data)}\r\nX-Slack-Request-Timestamp: {now}\r\nX-Slack-Signature: v0={digest}\r\n\r\n"
    )
    return head.encode() + data


def read_answer(connection: socket.socket) -> int:
    """Read one answer to its end; returns its status."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(headers[b"content-length"]):
        body += _more(connection)
    return int(head.split()[1])


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data


def send_all(wanted: dict[str, Any]) -> dict[str, Any]:
    """Send `warmup` requests and then the others, `pause` seconds apart; the latter are timed."""
    host, _, port = wanted["address"].partition(":")
    requests = [signed(body, wanted["content_type"], wanted["secret"]) for body in wanted["bodies"]]
    milliseconds, statuses = [], set()
    with socket.create_connection((host, int(port))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, request in enumerate(requests):
            if number == wanted["warmup"]:
                began = time.perf_counter()
            time.sleep(wanted["pause"])
            started = time.perf_counter()
            connection.sendall(request)
            statuses.add(read_answer(connection))
            if number >= wanted["warmup"]:
                milliseconds.append((time.perf_counter() - started) * 1000)
        seconds = time.perf_counter() - began
    return {"milliseconds": milliseconds, "seconds": seconds, "statuses": sorted(statuses)}


if __name__ == "__main__":
    print(json.dumps(send_all(json.load(sys.stdin))))
