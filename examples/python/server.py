"""An asyncio server under load: clients in the same process, each with requests over its connection.

python3 server.py [CLIENTS [REQUESTS]]
"""
import asyncio
import json
import sys


class Session:
    """What a server keeps about a client; it and its requests know each other."""

    def __init__(self, name):
        self.name = name
        self.requests = []


class Request:
    def __init__(self, session, body):
        self.session = session
        self.body = body
        session.requests.append(self)
        del session.requests[:-20]


async def handle(reader, writer):
    session = Session(writer.get_extra_info("peername"))
    while line := await reader.readline():
        request = Request(session, json.loads(line))
        answer = {"sum": sum(request.body["values"]), "seen": len(session.requests)}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
    writer.close()


async def client(port, number, requests):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    total = 0
    for i in range(requests):
        writer.write(json.dumps({"values": list(range(number % 10, number % 10 + 20)), "id": i}).encode() + b"\n")
        total += json.loads(await asyncio.wait_for(reader.readline(), 30))["sum"]
    writer.close()
    return total


async def main(clients, requests):
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    total = 0
    for wave in range(0, clients, 50):
        total += sum(await asyncio.gather(*(client(port, number, requests) for number in range(wave, wave + 50))))
    server.close()
    print(total)


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400, int(sys.argv[2]) if len(sys.argv) > 2 else 60))
