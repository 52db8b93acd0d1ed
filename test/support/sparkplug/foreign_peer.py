"""A Sparkplug edge node and a reader of another maker (pysparkplug), for tests.

Usage: foreign_peer.py PORT GROUP
Publishes the edge node `Py` with a device `Kiln` in that group; a write to Kiln/Setpoint is obeyed.
Prints one JSON line a metric that it reads of the group's other edge nodes, and obeys lines on its input:
`update N` publishes Kiln/Steps, `leave` ends the device.
"""

import json
import sys
import time

import pysparkplug as psp

port, group = int(sys.argv[1]), sys.argv[2]


def metric(name, datatype, value):
    return psp.Metric(timestamp=psp.get_current_timestamp(), name=name, datatype=datatype, value=value)


def obey(edge, message):
    for written in message.payload.metrics:
        edge.update_device("Kiln", [metric("Setpoint", psp.DataType.INT32, written.value)])


def read(_client, message):
    topic = message.topic
    if topic.edge_node_id == "Py" or topic.message_type in ("NDEATH", "DDEATH"):
        return
    for one in message.payload.metrics:
        line = {
            "type": str(topic.message_type),
            "device": topic.device_id,
            "name": one.name,
            "datatype": one.datatype.name,
            "value": one.value if isinstance(one.value, (int, float, bool, str)) else str(one.value),
        }
        print(json.dumps(line), flush=True)


reader = psp.Client(client_id="python-reader")
for kind in ("NBIRTH", "DBIRTH", "NDATA", "DDATA"):
    topic = psp.Topic(
        group_id=group,
        message_type=psp.MessageType(kind),
        edge_node_id=psp.SINGLE_LEVEL_WILDCARD,
        device_id=psp.SINGLE_LEVEL_WILDCARD if kind.startswith("D") else None,
    )
    reader.subscribe(topic, psp.QoS.AT_LEAST_ONCE, read)
reader.connect("127.0.0.1", port=port)

node = psp.EdgeNode(group, "Py", [metric("Load", psp.DataType.DOUBLE, 0.25)])
kiln = psp.Device(
    "Kiln",
    [
        metric("Setpoint", psp.DataType.INT32, -40),
        metric("Steps", psp.DataType.UINT64, 2**63 + 5),
        metric("Mode", psp.DataType.STRING, "Köln"),
        metric("Lit", psp.DataType.BOOLEAN, True),
    ],
    obey,
)
node.register(kiln)
node.connect("127.0.0.1", port=port)
time.sleep(0.5)
print(json.dumps({"ready": True}), flush=True)

for line in sys.stdin:
    word, *rest = line.split()
    if word == "update":
        node.update_device("Kiln", [metric("Steps", psp.DataType.UINT64, int(rest[0]))])
    elif word == "leave":
        node.deregister("Kiln")
node.disconnect()
reader.disconnect()
