package dev.bascule.gpu.opencl;

import java.util.HashMap;
import java.util.Map;

/**
 * The compiled sources of one device, each compiled once: kernels of equal text - the layers of a
 * model, sessions of one plan - share a program. They live as long as the device, as a compilation
 * costs a tenth of a second or more.
 */
final class OpenClPrograms implements AutoCloseable {
  private final OpenClContext context;
  private final String options;
  private final Map<String, OpenClProgram> programs = new HashMap<>();

  OpenClPrograms(OpenClContext context) {
    this.context = context;
    // No warnings, nothing relaxed, and division and square root rounded correctly.
    this.options =
        "-w -cl-std=CL1.2"
            + (context.chip().exactDivide() ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
  }

  /** The program of {@code source}; it stays this object's. */
  synchronized OpenClProgram of(String source) {
    return programs.computeIfAbsent(source, text -> context.build(text, options));
  }

  @Override
  public synchronized void close() {
    programs.values().forEach(OpenClProgram::close);
    programs.clear();
  }
}
