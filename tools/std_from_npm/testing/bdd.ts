// npm's deno-std has no testing module. Node's runner, on which Deno maps its
// own, has the same words but for two.
export {
  after as afterAll,
  afterEach,
  before as beforeAll,
  beforeEach,
  describe,
  it,
} from "node:test";
