package dev.bascule.certify;

import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.State;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import dev.bascule.engine.Store;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A graph compiled for a device, with states of its own; the device stays the caller's. */
final class Execution implements AutoCloseable {
  private final Engine engine;
  private final Plan plan;
  private final Store store;
  private final Session session;

  Execution(Device device, Graph graph) {
    this.engine = new Engine(device);
    this.plan = engine.compile(graph);
    this.store = engine.store();
    this.session = plan.session(store);
  }

  /** The kernels chosen, and why. */
  String explain() {
    return plan.explain();
  }

  Map<String, Tensor> run(Map<String, Tensor> inputs) {
    return session.run(inputs);
  }

  /** The outputs of all runs, one after the other along the first axis. */
  Map<String, Tensor> runAll(List<Map<String, Tensor>> runs) {
    return runAll(session, runs);
  }

  /** The same in a session that has run nothing yet. */
  Map<String, Tensor> runAfresh(List<Map<String, Tensor>> runs) {
    try (Store fresh = engine.store();
        Session other = plan.session(fresh)) {
      return runAll(other, runs);
    }
  }

  private static Map<String, Tensor> runAll(Session session, List<Map<String, Tensor>> runs) {
    if (runs.size() == 1) {
      return session.run(runs.getFirst());
    }
    Map<String, List<Tensor>> parts = new LinkedHashMap<>();
    for (Map<String, Tensor> inputs : runs) {
      session
          .run(inputs)
          .forEach((name, part) -> parts.computeIfAbsent(name, n -> new ArrayList<>()).add(part));
    }
    Map<String, Tensor> whole = new LinkedHashMap<>();
    parts.forEach((name, tensors) -> whole.put(name, joined(tensors)));
    return whole;
  }

  private static Tensor joined(List<Tensor> parts) {
    long[] extents = parts.getFirst().extents();
    extents[0] = parts.stream().mapToLong(part -> part.extent(0)).sum();
    Tensor whole = Tensor.zeros(parts.getFirst().dtype(), extents);
    long at = 0;
    for (Tensor part : parts) {
      long bytes = part.bytes().byteSize();
      MemorySegment.copy(part.bytes(), 0, whole.bytes(), at, bytes);
      at += bytes;
    }
    return whole;
  }

  Tensor state(State state) {
    return store.read(state);
  }

  @Override
  public void close() {
    session.close();
    store.close();
    plan.close();
    engine.close();
  }
}
