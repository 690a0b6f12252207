package dev.bascule.core.device;

import dev.bascule.core.Bindings;
import java.util.ArrayList;
import java.util.List;

/** The default {@link Executable}: binds every launch, then submits them one after the other. */
record LaunchLoop(Program program) implements Executable {
  @Override
  public Bound bind(List<Buffer> buffers, Bindings dims) {
    List<Launch> launches = new ArrayList<>();
    for (Program.Step step : program.steps()) {
      List<Slice> operands = new ArrayList<>();
      for (Program.Operand operand : step.operands()) {
        Buffer buffer = buffers.get(operand.buffer());
        long bytes = operand.bytes() < 0 ? buffer.bytes() - operand.offsetBytes() : operand.bytes();
        operands.add(new Slice(buffer, operand.offsetBytes(), bytes));
      }
      launches.add(step.launchable().bind(operands, dims));
    }
    return new Loop(launches);
  }

  @Override
  public void close() {
    // the launchables belong to the plan that made them
  }

  private record Loop(List<Launch> launches) implements Bound {
    @Override
    public void run(Stream stream) {
      for (Launch launch : launches) {
        stream.launch(launch);
      }
    }

    @Override
    public void close() {
      launches.forEach(Launch::close);
    }
  }
}
