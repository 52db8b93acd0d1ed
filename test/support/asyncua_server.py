"""
An OPC UA server that is not ours: `asyncua_server.py <port> [certificate key]`. Prints `ready` when it listens.
With a certificate it offers every policy and mode that it has, and lets `operator` in with the password `geheim`.
"""

import asyncio
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from asyncua.crypto.cert_gen import setup_self_signed_certificate
from cryptography.x509.oid import ExtendedKeyUsageOID

from asyncua import Server, ua, uamethod
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field


@uamethod
def multiply(_parent, factor, times):
    return factor * times, times > 1


def argument(name: str, kind: ua.VariantType) -> ua.Argument:
    return ua.Argument(Name=name, DataType=ua.NodeId(kind.value), ValueRank=-1, Description=ua.LocalizedText(f"the {name}"))


async def add_structures(server: Server, namespace: int, boiler) -> None:
    """A structure with a description, a matrix, and a structure of which nothing but its bytes is known."""
    mode = await new_enum(server, namespace, "StepMode", ["Cool", "Hold"])
    step, _ = await new_struct(
        server,
        namespace,
        "RecipeStep",
        [
            new_struct_field("Mode", mode),
            new_struct_field("Count", ua.VariantType.UInt64),
            new_struct_field("Key", ua.VariantType.ByteString),
            new_struct_field("Since", ua.VariantType.DateTime),
        ],
    )
    await new_struct(
        server,
        namespace,
        "Recipe",
        [
            new_struct_field("Title", ua.VariantType.String),
            new_struct_field("Temperatures", ua.VariantType.Double, array=True),
            new_struct_field("Steps", step, array=True),
        ],
    )
    types = await server.load_data_type_definitions()
    since = datetime(2026, 1, 2, 3, 4, 5)
    steps = [
        types["RecipeStep"](Mode=types["StepMode"].Hold, Count=7, Key=b"key", Since=since),
        types["RecipeStep"](Mode=types["StepMode"].Cool, Count=2**63 + 7, Key=b"key", Since=since),
    ]
    recipe = types["Recipe"](Title="Steam", Temperatures=[80.0, 120.5], Steps=steps)
    for name, value in (("Recipe", recipe), ("StepList", steps)):
        variant = ua.Variant(value, ua.VariantType.ExtensionObject)
        await (await boiler.add_variable(ua.NodeId(name, namespace), name, variant)).set_writable()
    grid = ua.Variant([[1, 2, 3], [4, 5, 6]], ua.VariantType.Int32)
    await boiler.add_variable(ua.NodeId("Grid", namespace), "Grid", grid)
    riddle = ua.ExtensionObject(ua.NodeId(9999, namespace), b"\x01\x02\x03")
    await boiler.add_variable(ua.NodeId("Riddle", namespace), "Riddle", ua.Variant(riddle, ua.VariantType.ExtensionObject), datatype=ua.NodeId(22))


async def own_security(server: Server) -> None:
    """Offers Basic256Sha256 beside None, with a certificate of its own."""
    await server.set_application_uri("urn:example:asyncua")
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.der")
        await setup_self_signed_certificate(
            key, certificate, "urn:example:asyncua", "localhost", [ExtendedKeyUsageOID.SERVER_AUTH], {"commonName": "asyncua test server"}
        )
        await server.load_certificate(str(certificate))
        await server.load_private_key(str(key))
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])


class Operators(UserManager):
    def get_user(self, iserver, username=None, password=None, certificate=None):
        return User(role=UserRole.User) if (username, password) == ("operator", "geheim") else None


async def secure(server: Server, certificate: str, key: str) -> None:
    await server.load_certificate(certificate)
    await server.load_private_key(key)
    policies = ua.SecurityPolicyType
    server.set_security_policy(
        [
            policies.NoSecurity,
            policies.Basic256Sha256_Sign,
            policies.Basic256Sha256_SignAndEncrypt,
            policies.Aes128Sha256RsaOaep_SignAndEncrypt,
            policies.Aes256Sha256RsaPss_SignAndEncrypt,
        ]
    )
    await server.set_application_uri("urn:test:asyncua")


async def main(port: int, *files: str) -> None:
    server = Server(user_manager=Operators() if files else None)
    await server.init()
    await (secure(server, *files) if files else own_security(server))
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/asyncua")
    namespace = await server.register_namespace("urn:example:boiler-house")
    objects = server.nodes.objects
    plant = await objects.add_folder(namespace, "BoilerHouse")
    boiler = await plant.add_object(ua.NodeId("Boiler7", namespace), "Boiler7")
    level = await boiler.add_variable(namespace, "Level", 41.5)
    steps = await boiler.add_variable(namespace, "Steps", 0, ua.VariantType.Int64)
    await boiler.add_variable(namespace, "Burner", True)
    await boiler.add_variable(namespace, "Fuel", "gas")
    await boiler.add_variable(namespace, "Curve", [1.0, 2.5, 4.0])
    modes = await server.nodes.enum_data_type.add_data_type(namespace, "BoilerMode")
    await modes.add_property(
        0, "EnumStrings", [ua.LocalizedText(text) for text in ("Cold", "Heating", "Steaming")]
    )
    mode = await boiler.add_variable(namespace, "Mode", 2, ua.VariantType.Int32, datatype=modes.nodeid)
    for name, value, kind in (
        ("Setpoint", 20.5, ua.VariantType.Float),
        ("Target", 7, ua.VariantType.Int64),
        ("Enabled", False, ua.VariantType.Boolean),
        ("Small", -1, ua.VariantType.Int16),
        ("Batch", "none", ua.VariantType.String),
        ("Since", datetime(2026, 1, 1), ua.VariantType.DateTime),
        ("Weights", [1.0, 2.0], ua.VariantType.Double),
    ):
        variable = await boiler.add_variable(ua.NodeId(name, namespace), name, value, kind)
        await variable.set_writable()
        if isinstance(value, list):
            await variable.write_attribute(ua.AttributeIds.ValueRank, ua.DataValue(ua.Variant(1, ua.VariantType.Int32)))
    await boiler.add_method(
        ua.NodeId("Multiply", namespace),
        "Multiply",
        multiply,
        [argument("factor", ua.VariantType.Double), argument("times", ua.VariantType.Int64)],
        [argument("product", ua.VariantType.Double), argument("several", ua.VariantType.Boolean)],
    )
    await add_structures(server, namespace, boiler)
    wanted = await boiler.add_variable(
        ua.NodeId("ModeWanted", namespace), "ModeWanted", 0, ua.VariantType.Int32, datatype=modes.nodeid
    )
    await wanted.set_writable()
    kind = await server.create_custom_event_type(
        namespace, "BoilerEventType", ua.ObjectIds.BaseEventType, [("Pressure", ua.VariantType.Double)]
    )
    events = await server.get_event_generator(kind, server.nodes.server)
    events.event.Severity = 300
    async with server:
        await server.historize_node_data_change(level, period=None, count=1000)
        print("ready", flush=True)
        count = -5
        while True:
            await asyncio.sleep(0.2)
            count += 1
            await steps.write_value(ua.Variant(count, ua.VariantType.Int64))
            await level.write_value(41.5 + count % 10)
            await mode.write_value(ua.Variant(count % 3, ua.VariantType.Int32))
            if count % 5 == 0:
                events.event.Pressure = 41.5 + count % 10
                await events.trigger(message=f"count {count}")


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
