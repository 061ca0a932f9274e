"""A newsroom of invented news on loopback: for `newsroom demo`, for the tests, and to play with (`python -m newsroom.sample`).

It imports nothing but the standard library.
"""

from newsroom.sample.faults import Fault
from newsroom.sample.items import Item
from newsroom.sample.server import Server, serve
from newsroom.sample.site import SampleSite, Served

__all__ = ["Fault", "Item", "SampleSite", "Served", "Server", "serve"]
