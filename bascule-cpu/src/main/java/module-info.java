/** The CPU device. */
module dev.bascule.cpu {
  requires static org.jspecify;
  requires dev.bascule.core;

  provides dev.bascule.core.device.Driver with
      dev.bascule.cpu.CpuDriver;
}
