/**
 * The vocabulary of Bascule: types, graphs, the kernel IR, the device interface, and the reference
 * interpreter.
 */
module dev.bascule.core {
  requires static org.jspecify;

  exports dev.bascule.core;
  exports dev.bascule.core.device;
  exports dev.bascule.core.elementary;
  exports dev.bascule.core.graph;
  exports dev.bascule.core.kernel;
  exports dev.bascule.core.quant;
  exports dev.bascule.core.reference;

  uses dev.bascule.core.device.Driver;
}
