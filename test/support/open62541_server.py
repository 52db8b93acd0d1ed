"""An OPC UA server of another maker (open62541, by the package o6): `open62541_server.py <port>`. Prints `ready` when it listens."""

import sys
import time

import o6
from o6.ns import ns0
from o6.util import createSelfSignedCertificate

URI = "urn:example:open62541"
TYPES = ns0.datatypes


def argument(name: str, kind: str):
    return TYPES.Argument(name=name, dataType=o6.NodeId(kind), valueRank=-1, description=o6.LocalizedText(f"the {name}"))


def multiply(_node, factor, times):
    return o6.StatusCode(0), o6.Double(float(factor) * int(times)), o6.Boolean(int(times) > 1)


def main(port: int) -> None:
    key, certificate = createSelfSignedCertificate(appUri=URI, commonName="open62541 test server", keySize=2048, fmt="DER")
    server = o6.Server(port=port, certificate=certificate, privateKey=key, acceptAllCertificates=True, applicationUri=URI)
    server.config.setHistoryDatabase(capacity=1000, maxResponseSize=50)
    boiler = server.addObject("Boiler7", server.objectsNode, nodeId="ns=1;s=Boiler7")

    def variable(name: str, value, writable: bool = False, **more):
        return server.addVariable(name, boiler, value, nodeId=f"ns=1;s={name}", writable=writable, **more)

    level = variable("Level", o6.Double(41.5), True, historizing=True)
    steps = variable("Steps", o6.Int64(0))
    variable("Burner", o6.Boolean(True))
    variable("Fuel", o6.String("gas"))
    variable("Curve", [o6.Double(value) for value in (1.0, 2.5, 4.0)])
    variable("Limits", TYPES.Range(low=1.0, high=9.0), True)
    variable("Setpoint", o6.Float(20.5), True)
    variable("Target", o6.Int64(7), True)
    variable("Small", o6.Int16(-1), True)
    variable("Weights", [o6.Double(1.0), o6.Double(2.0)], True)
    server.addMethod(
        "Multiply",
        boiler,
        multiply,
        inputArgs=[argument("factor", "i=11"), argument("times", "i=8")],
        outputArgs=[argument("product", "i=11"), argument("several", "i=1")],
        nodeId=o6.NodeId("ns=1;s=Multiply"),
    )
    with server:
        print("ready", flush=True)
        count = -5
        while True:
            time.sleep(0.2)
            count += 1
            level(o6.Double(41.5 + count % 10))
            steps(o6.Int64(count))
            if count % 5 == 0:
                server.createEvent(message=f"count {count}", severity=300)


main(int(sys.argv[1]))
