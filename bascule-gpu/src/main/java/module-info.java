/** The GPU devices. */
module dev.bascule.gpu {
  requires static org.jspecify;
  requires dev.bascule.core;

  provides dev.bascule.core.device.Driver with
      dev.bascule.gpu.opencl.OpenClDriver;
}
