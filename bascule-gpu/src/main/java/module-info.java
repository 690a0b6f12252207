/** The GPU devices. */
module dev.bascule.gpu {
  requires static org.jspecify;
  requires dev.bascule.core;
}
