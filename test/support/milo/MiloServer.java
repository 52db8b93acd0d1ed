import static org.eclipse.milo.opcua.sdk.server.api.config.OpcUaServerConfig.USER_TOKEN_POLICY_ANONYMOUS;

import java.security.KeyPair;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.eclipse.milo.opcua.sdk.core.AccessLevel;
import org.eclipse.milo.opcua.sdk.core.Reference;
import org.eclipse.milo.opcua.sdk.server.OpcUaServer;
import org.eclipse.milo.opcua.sdk.server.api.DataItem;
import org.eclipse.milo.opcua.sdk.server.api.ManagedNamespaceWithLifecycle;
import org.eclipse.milo.opcua.sdk.server.api.MonitoredItem;
import org.eclipse.milo.opcua.sdk.server.api.config.OpcUaServerConfig;
import org.eclipse.milo.opcua.sdk.server.api.methods.AbstractMethodInvocationHandler;
import org.eclipse.milo.opcua.sdk.server.identity.AnonymousIdentityValidator;
import org.eclipse.milo.opcua.sdk.server.model.nodes.objects.BaseEventTypeNode;
import org.eclipse.milo.opcua.sdk.server.nodes.UaDataTypeNode;
import org.eclipse.milo.opcua.sdk.server.nodes.UaFolderNode;
import org.eclipse.milo.opcua.sdk.server.nodes.UaMethodNode;
import org.eclipse.milo.opcua.sdk.server.nodes.UaObjectNode;
import org.eclipse.milo.opcua.sdk.server.nodes.UaVariableNode;
import org.eclipse.milo.opcua.sdk.server.util.SubscriptionModel;
import org.eclipse.milo.opcua.stack.core.Identifiers;
import org.eclipse.milo.opcua.stack.core.StatusCodes;
import org.eclipse.milo.opcua.stack.core.security.DefaultCertificateManager;
import org.eclipse.milo.opcua.stack.core.security.SecurityPolicy;
import org.eclipse.milo.opcua.stack.core.transport.TransportProfile;
import org.eclipse.milo.opcua.stack.core.types.builtin.ByteString;
import org.eclipse.milo.opcua.stack.core.types.builtin.DataValue;
import org.eclipse.milo.opcua.stack.core.types.builtin.DateTime;
import org.eclipse.milo.opcua.stack.core.types.builtin.ExtensionObject;
import org.eclipse.milo.opcua.stack.core.types.builtin.LocalizedText;
import org.eclipse.milo.opcua.stack.core.types.builtin.NodeId;
import org.eclipse.milo.opcua.stack.core.types.builtin.StatusCode;
import org.eclipse.milo.opcua.stack.core.types.builtin.Variant;
import org.eclipse.milo.opcua.stack.core.types.builtin.unsigned.Unsigned;
import org.eclipse.milo.opcua.stack.core.types.enumerated.MessageSecurityMode;
import org.eclipse.milo.opcua.stack.core.types.enumerated.TimestampsToReturn;
import org.eclipse.milo.opcua.stack.core.types.structured.Argument;
import org.eclipse.milo.opcua.stack.core.types.structured.HistoryData;
import org.eclipse.milo.opcua.stack.core.types.structured.HistoryReadDetails;
import org.eclipse.milo.opcua.stack.core.types.structured.HistoryReadResult;
import org.eclipse.milo.opcua.stack.core.types.structured.HistoryReadValueId;
import org.eclipse.milo.opcua.stack.core.types.structured.Range;
import org.eclipse.milo.opcua.stack.core.types.structured.ReadRawModifiedDetails;
import org.eclipse.milo.opcua.stack.core.util.SelfSignedCertificateBuilder;
import org.eclipse.milo.opcua.stack.core.util.SelfSignedCertificateGenerator;
import org.eclipse.milo.opcua.stack.server.EndpointConfiguration;
import org.eclipse.milo.opcua.stack.server.security.ServerCertificateValidator;

/** An OPC UA server of another maker (Eclipse Milo): `java -cp lib/* MiloServer.java <port>`. Prints `ready` when it listens. */
public final class MiloServer {
  public static void main(String[] args) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    int port = Integer.parseInt(args[0]);
    KeyPair keys = SelfSignedCertificateGenerator.generateRsaKeyPair(2048);
    X509Certificate certificate =
        new SelfSignedCertificateBuilder(keys)
            .setCommonName("Milo test server")
            .setApplicationUri("urn:example:milo")
            .addDnsName("localhost")
            .addIpAddress("127.0.0.1")
            .build();
    EndpointConfiguration.Builder endpoint =
        EndpointConfiguration.newBuilder()
            .setTransportProfile(TransportProfile.TCP_UASC_UABINARY)
            .setBindAddress("127.0.0.1")
            .setBindPort(port)
            .setHostname("127.0.0.1")
            .setPath("/milo")
            .setCertificate(certificate)
            .addTokenPolicy(USER_TOKEN_POLICY_ANONYMOUS);
    OpcUaServerConfig config =
        OpcUaServerConfig.builder()
            .setApplicationUri("urn:example:milo")
            .setApplicationName(LocalizedText.english("Milo test server"))
            .setProductUri("urn:example:milo")
            .setEndpoints(
                Set.of(
                    endpoint.copy().setSecurityPolicy(SecurityPolicy.None).setSecurityMode(MessageSecurityMode.None).build(),
                    endpoint
                        .copy()
                        .setSecurityPolicy(SecurityPolicy.Basic256Sha256)
                        .setSecurityMode(MessageSecurityMode.SignAndEncrypt)
                        .build()))
            .setCertificateManager(new DefaultCertificateManager(keys, certificate))
            .setCertificateValidator(new Trusting())
            .setIdentityValidator(AnonymousIdentityValidator.INSTANCE)
            .build();
    OpcUaServer server = new OpcUaServer(config);
    new BoilerHouse(server).startup();
    server.startup().get();
    System.out.println("ready");
    Thread.currentThread().join();
  }

  /** Trusts every client. */
  private static final class Trusting implements ServerCertificateValidator {
    @Override
    public void validateCertificateChain(List<X509Certificate> chain) {}

    @Override
    public void validateCertificateChain(List<X509Certificate> chain, String applicationUri) {}
  }

  /** One boiler, as the servers of the other makers have it. */
  private static final class BoilerHouse extends ManagedNamespaceWithLifecycle {
    private static final int KEPT = 1000;
    private final SubscriptionModel subscriptions;
    private final ArrayDeque<DataValue> history = new ArrayDeque<>();
    private UaObjectNode boiler;
    private long count = -5;

    BoilerHouse(OpcUaServer server) {
      super(server, "urn:example:boiler-house");
      subscriptions = new SubscriptionModel(server, this);
      getLifecycleManager().addLifecycle(subscriptions);
      getLifecycleManager().addStartupTask(this::build);
    }

    private void build() {
      UaFolderNode house =
          new UaFolderNode(
              getNodeContext(),
              newNodeId("BoilerHouse"),
              newQualifiedName("BoilerHouse"),
              LocalizedText.english("BoilerHouse"));
      getNodeManager().addNode(house);
      house.addReference(
          new Reference(house.getNodeId(), Identifiers.Organizes, Identifiers.ObjectsFolder.expanded(), false));
      boiler =
          UaObjectNode.builder(getNodeContext())
              .setNodeId(newNodeId("Boiler7"))
              .setBrowseName(newQualifiedName("Boiler7"))
              .setDisplayName(LocalizedText.english("Boiler7"))
              .setTypeDefinition(Identifiers.BaseObjectType)
              .build();
      boiler.setEventNotifier(Unsigned.ubyte(1));
      getNodeManager().addNode(boiler);
      house.addOrganizes(boiler);
      UaVariableNode level = variable("Level", Identifiers.Double, -1, 41.5, AccessLevel.READ_ONLY);
      level.setHistorizing(true);
      level.setAccessLevel(AccessLevel.toValue(AccessLevel.CurrentRead, AccessLevel.HistoryRead));
      level.setUserAccessLevel(AccessLevel.toValue(AccessLevel.CurrentRead, AccessLevel.HistoryRead));
      UaVariableNode steps = variable("Steps", Identifiers.Int64, -1, 0L, AccessLevel.READ_ONLY);
      variable("Burner", Identifiers.Boolean, -1, true, AccessLevel.READ_ONLY);
      variable("Fuel", Identifiers.String, -1, "gas", AccessLevel.READ_ONLY);
      variable("Curve", Identifiers.Double, 1, new Double[] {1.0, 2.5, 4.0}, AccessLevel.READ_ONLY);
      variable("Limits", Identifiers.Range, -1, encoded(new Range(1.0, 9.0)), AccessLevel.READ_WRITE);
      NodeId modes = modes();
      UaVariableNode mode = variable("Mode", modes, -1, 2, AccessLevel.READ_ONLY);
      variable("Setpoint", Identifiers.Float, -1, 20.5f, AccessLevel.READ_WRITE);
      variable("Target", Identifiers.Int64, -1, 7L, AccessLevel.READ_WRITE);
      variable("Small", Identifiers.Int16, -1, (short) -1, AccessLevel.READ_WRITE);
      variable("Weights", Identifiers.Double, 1, new Double[] {1.0, 2.0}, AccessLevel.READ_WRITE);
      variable("ModeWanted", modes, -1, 0, AccessLevel.READ_WRITE);
      multiply();
      Executors.newSingleThreadScheduledExecutor(
              task -> {
                Thread thread = new Thread(task);
                thread.setDaemon(true);
                return thread;
              })
          .scheduleAtFixedRate(() -> tick(level, steps, mode), 200, 200, TimeUnit.MILLISECONDS);
    }

    private ExtensionObject encoded(Range range) {
      return ExtensionObject.encode(getServer().getSerializationContext(), range);
    }

    private UaVariableNode variable(String name, NodeId type, int rank, Object value, Set<AccessLevel> access) {
      UaVariableNode node =
          new UaVariableNode.UaVariableNodeBuilder(getNodeContext())
              .setNodeId(newNodeId(name))
              .setBrowseName(newQualifiedName(name))
              .setDisplayName(LocalizedText.english(name))
              .setAccessLevel(access)
              .setUserAccessLevel(access)
              .setDataType(type)
              .setValueRank(rank)
              .setTypeDefinition(Identifiers.BaseDataVariableType)
              .build();
      node.setValue(new DataValue(new Variant(value)));
      getNodeManager().addNode(node);
      boiler.addComponent(node);
      return node;
    }

    /** An enumeration, described by EnumStrings. */
    private NodeId modes() {
      UaDataTypeNode type =
          new UaDataTypeNode(
              getNodeContext(),
              newNodeId("BoilerMode"),
              newQualifiedName("BoilerMode"),
              LocalizedText.english("BoilerMode"),
              LocalizedText.NULL_VALUE,
              Unsigned.uint(0),
              Unsigned.uint(0),
              false);
      type.setEnumStrings(
          new LocalizedText[] {
            LocalizedText.english("Cold"), LocalizedText.english("Heating"), LocalizedText.english("Steaming")
          });
      getNodeManager().addNode(type);
      type.addReference(new Reference(type.getNodeId(), Identifiers.HasSubtype, Identifiers.Enumeration.expanded(), false));
      return type.getNodeId();
    }

    private void multiply() {
      UaMethodNode method =
          UaMethodNode.builder(getNodeContext())
              .setNodeId(newNodeId("Multiply"))
              .setBrowseName(newQualifiedName("Multiply"))
              .setDisplayName(LocalizedText.english("Multiply"))
              .build();
      Argument[] inputs = {
        new Argument("factor", Identifiers.Double, -1, null, LocalizedText.english("the factor")),
        new Argument("times", Identifiers.Int64, -1, null, LocalizedText.english("the times"))
      };
      Argument[] outputs = {
        new Argument("product", Identifiers.Double, -1, null, LocalizedText.english("the product")),
        new Argument("several", Identifiers.Boolean, -1, null, LocalizedText.english("the several"))
      };
      method.setInputArguments(inputs);
      method.setOutputArguments(outputs);
      method.setInvocationHandler(
          new AbstractMethodInvocationHandler(method) {
            @Override
            public Argument[] getInputArguments() {
              return inputs;
            }

            @Override
            public Argument[] getOutputArguments() {
              return outputs;
            }

            @Override
            protected Variant[] invoke(InvocationContext context, Variant[] values) {
              double factor = (Double) values[0].getValue();
              long times = (Long) values[1].getValue();
              return new Variant[] {new Variant(factor * times), new Variant(times > 1)};
            }
          });
      getNodeManager().addNode(method);
      boiler.addComponent(method);
    }

    private void tick(UaVariableNode level, UaVariableNode steps, UaVariableNode mode) {
      try {
        count += 1;
        DataValue now = new DataValue(new Variant(41.5 + Math.floorMod(count, 10)), StatusCode.GOOD, DateTime.now());
        level.setValue(now);
        synchronized (history) {
          history.add(now);
          if (history.size() > KEPT) history.removeFirst();
        }
        steps.setValue(new DataValue(new Variant(count)));
        mode.setValue(new DataValue(new Variant((int) Math.floorMod(count, 3))));
        if (count % 5 == 0) tell();
      } catch (Exception error) {
        error.printStackTrace();
      }
    }

    private void tell() throws Exception {
      BaseEventTypeNode event = getServer().getEventFactory().createEvent(newNodeId(UUID.randomUUID()), Identifiers.BaseEventType);
      event.setBrowseName(newQualifiedName("Count"));
      event.setDisplayName(LocalizedText.english("Count"));
      event.setEventId(ByteString.of(UUID.randomUUID().toString().getBytes()));
      event.setEventType(Identifiers.BaseEventType);
      event.setSourceNode(boiler.getNodeId());
      event.setSourceName("Boiler7");
      event.setTime(DateTime.now());
      event.setReceiveTime(DateTime.NULL_VALUE);
      event.setMessage(LocalizedText.english("count " + count));
      event.setSeverity(Unsigned.ushort(300));
      getServer().getEventBus().post(event);
      event.delete();
    }

    /** Raw values, at most as many as are asked for; what is left over has a continuation point. */
    @Override
    public void historyRead(
        HistoryReadContext context,
        HistoryReadDetails details,
        TimestampsToReturn timestamps,
        List<HistoryReadValueId> nodes) {
      List<HistoryReadResult> results = new ArrayList<>();
      for (HistoryReadValueId node : nodes) {
        boolean isKept = node.getNodeId().equals(newNodeId("Level")) && details instanceof ReadRawModifiedDetails;
        results.add(
            isKept
                ? raw((ReadRawModifiedDetails) details, node.getContinuationPoint())
                : new HistoryReadResult(new StatusCode(StatusCodes.Bad_HistoryOperationUnsupported), null, null));
      }
      context.success(results);
    }

    private HistoryReadResult raw(ReadRawModifiedDetails details, ByteString continuation) {
      List<DataValue> within = new ArrayList<>();
      synchronized (history) {
        for (DataValue value : history) {
          long time = value.getSourceTime().getUtcTime();
          if (time >= details.getStartTime().getUtcTime() && time <= details.getEndTime().getUtcTime()) within.add(value);
        }
      }
      int from = continuation == null || continuation.isNullOrEmpty() ? 0 : Integer.parseInt(new String(continuation.bytes()));
      int most = details.getNumValuesPerNode().intValue() == 0 ? within.size() : details.getNumValuesPerNode().intValue();
      int to = Math.min(within.size(), from + most);
      ByteString more = to < within.size() ? ByteString.of(String.valueOf(to).getBytes()) : ByteString.NULL_VALUE;
      HistoryData data = new HistoryData(within.subList(Math.min(from, to), to).toArray(new DataValue[0]));
      return new HistoryReadResult(
          StatusCode.GOOD, more, ExtensionObject.encode(getServer().getSerializationContext(), data));
    }

    @Override
    public void onDataItemsCreated(List<DataItem> items) {
      subscriptions.onDataItemsCreated(items);
    }

    @Override
    public void onDataItemsModified(List<DataItem> items) {
      subscriptions.onDataItemsModified(items);
    }

    @Override
    public void onDataItemsDeleted(List<DataItem> items) {
      subscriptions.onDataItemsDeleted(items);
    }

    @Override
    public void onMonitoringModeChanged(List<MonitoredItem> items) {
      subscriptions.onMonitoringModeChanged(items);
    }
  }
}
