/** Blocks and families of models as graphs: what generation and training share. */
module dev.bascule.models {
  requires static org.jspecify;
  requires transitive dev.bascule.core;
  requires transitive dev.bascule.formats;

  exports dev.bascule.models;
}
