package dev.bascule.conformance;

import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.graph.Graph;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import java.util.Map;

/** Graphs as users run them: an engine on a device. */
public final class EngineRunner implements GraphRunner, AutoCloseable {
  private final Engine engine;

  /** Uses {@code device}, which stays the caller's. */
  public EngineRunner(Device device) {
    this.engine = new Engine(device);
  }

  @Override
  public Compiled compile(Graph graph) {
    return new Opened(engine.compile(graph));
  }

  @Override
  public void close() {
    engine.close();
  }

  private static final class Opened implements Compiled {
    private final Plan plan;
    private final Session session;

    Opened(Plan plan) {
      this.plan = plan;
      this.session = plan.session();
    }

    @Override
    public Map<String, Tensor> run(Map<String, Tensor> inputs) {
      return session.run(inputs);
    }

    @Override
    public String explain() {
      return plan.explain();
    }

    @Override
    public void close() {
      session.close();
      plan.close();
    }
  }
}
