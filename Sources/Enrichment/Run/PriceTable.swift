package import GridModel

/// What tokens cost, by model: written in the configuration, in money a million tokens.
package struct PriceTable: Hashable, Sendable {
    /// Billionths of the currency a token.
    package struct Price: Hashable, Sendable {
        package var input: UInt64
        package var output: UInt64

        package init(input: UInt64, output: UInt64) {
            self.input = input
            self.output = output
        }
    }

    package var prices: [String: Price]
    /// As it is shown: "USD".
    package var currency: String

    package init(prices: [String: Price] = [:], currency: String = "USD") {
        self.prices = prices
        self.currency = currency
    }

    /// Whether a model's cost is known.
    package func knows(_ model: String?) -> Bool { price(of: model) != nil }

    /// The same tokens with what they cost; without a price they cost nothing that is known.
    package func priced(_ usage: RunUsage, model: String?) -> RunUsage {
        guard let price = price(of: model) else { return usage }
        var priced = usage
        priced.cost = Self.times(usage.input, price.input).addingClamped(Self.times(usage.output, price.output))
        return priced
    }

    /// The exact name, else the longest name that the model's begins with and a `*` ends.
    private func price(of model: String?) -> Price? {
        guard let model else { return nil }
        if let exact = prices[model] { return exact }
        let pattern = prices.keys.filter { $0.hasSuffix("*") && model.hasPrefix($0.dropLast()) }.max { $0.count < $1.count }
        return pattern.flatMap { prices[$0] }
    }

    private static func times(_ tokens: UInt64, _ price: UInt64) -> UInt64 {
        let (product, overflow) = tokens.multipliedReportingOverflow(by: price)
        return overflow ? .max : product
    }
}
