/** The CPU device. */
module dev.bascule.cpu {
  requires static org.jspecify;
  requires dev.bascule.core;
}
