export function makeComparisonPage() {}
