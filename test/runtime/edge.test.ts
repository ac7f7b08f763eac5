import { describeGateway } from "../suite/suite.ts";

describeGateway("vercel");
