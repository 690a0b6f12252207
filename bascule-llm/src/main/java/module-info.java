/** Language models in use: chat templates, sampling, generation. */
module dev.bascule.llm {
  requires static org.jspecify;
  requires transitive dev.bascule.formats;

  exports dev.bascule.llm;
  exports dev.bascule.llm.sampling;
}
