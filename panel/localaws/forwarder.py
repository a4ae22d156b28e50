"""Lets containers reach the embedded AWS, which listens on loopback alone.

A program of its own, run by path with the standard library only: it listens on this machine's address on
the containers' bridge, passes connections that come from that bridge on to loopback, refuses all others,
and ends with the process it serves.

Arguments: address, port, subnet, process number of the emulator.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sys

_CHUNK = 65536
_LOOK_S = 1.0


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inside: asyncio.StreamReader,
    inner: asyncio.StreamWriter,
) -> None:
    """Until both ends have said all; where one breaks off, the other is not left waiting."""
    async with asyncio.TaskGroup() as pumps:
        pumps.create_task(_pump(reader, inner))
        pumps.create_task(_pump(inside, writer))


async def _serve(address: str, port: int, subnet: str, pid: int) -> None:
    allowed = ipaddress.ip_network(subnet)
    # The loop itself does not keep hold of a connection that has said all and waits for its answer.
    under_way: set[asyncio.Task[None] | None] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(task := asyncio.current_task())
        inner: asyncio.StreamWriter | None = None
        try:
            peer = ipaddress.ip_address(writer.get_extra_info("peername")[0])
            if peer in allowed:
                inside, inner = await asyncio.open_connection("127.0.0.1", port)
                await _both_ways(reader, writer, inside, inner)
        except* OSError as error:
            print(f"a connection was lost: {error.exceptions[0]}", flush=True)  # noqa: T201  its output is its log
        finally:
            under_way.discard(task)
            for end in (writer, inner):
                if end is not None:
                    end.close()

    server = await asyncio.start_server(pass_on, address, port)
    async with server:
        while _lives(pid):
            await asyncio.sleep(_LOOK_S)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
