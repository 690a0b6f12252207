/** Certificates: how far the numbers moved between devices or models, and where. */
module dev.bascule.certify {
  requires static org.jspecify;
  requires transitive dev.bascule.engine;
  requires transitive dev.bascule.formats;
  requires transitive dev.bascule.models;

  exports dev.bascule.certify;
}
