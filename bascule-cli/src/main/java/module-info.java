/** The bascule command. */
module dev.bascule.cli {
  requires static org.jspecify;
  requires dev.bascule.certify;
  requires dev.bascule.conformance;
  requires dev.bascule.cpu;
  requires dev.bascule.engine;
  requires dev.bascule.formats;
  requires dev.bascule.gpu;
  requires dev.bascule.llm;
  requires dev.bascule.plan;
  requires info.picocli;
  requires java.management;

  uses dev.bascule.core.device.Driver;

  opens dev.bascule.cli to
      info.picocli;
}
