import JSON
import Testing

@Suite struct JSONParserTests {
    @Test func `smoke`() throws {
        let parser = JSONParser()
        let a = try parser.read(#" {"a":[1,{"b":"x\n\u00e9"},-2.50e3],"c":true ,"d":null} "#) { root throws(JSONError) in
            #expect(root["a"]?[1]?["b"]?.string == "x\né")
            #expect(root["a"]?[1]?["b"]?.path == "a[1].b")
            return root["a"]?[0]?.int64
        }
        #expect(a == 1)
    }
}
