/** Which chips, how many, how fast, at what cost, and what the rules allow. */
@SuppressWarnings("requires-automatic") // the rule language comes without a module descriptor
module dev.bascule.plan {
  requires static org.jspecify;
  requires cel;
  requires com.google.common; // cel uses it, and an automatic module cannot say so
  requires de.siegmar.fastcsv;
  requires tools.jackson.core;

  exports dev.bascule.plan;
  exports dev.bascule.plan.catalogue;
  exports dev.bascule.plan.claim;
  exports dev.bascule.plan.performance;
  exports dev.bascule.plan.placement;
  exports dev.bascule.plan.policy;
  exports dev.bascule.plan.report;
}
